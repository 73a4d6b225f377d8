//! Generated and hostile reasons: no text is lost, and parsing is fast.

use std::fmt::Write;
use std::time::{Duration, Instant};

use wxaudit::wechat::reason::{self, Reason};

/// `text` without spaces and line breaks, and with one kind of colon.
fn essence(text: &str) -> String {
    let joined: String = text.to_lowercase().split_whitespace().collect();
    joined.replace('：', ":").replace("<br>", "").replace("<br/>", "")
}

/// Whether `reasons` with numbering and colons added back give `text`: then nothing was lost, added or moved.
fn is_written_back(text: &str, reasons: &[Reason]) -> bool {
    is_rest(&essence(text), reasons, 1)
}

/// The same for the rest of an essence, whose next item has that number. Lines before and after the list have none.
fn is_rest(rest: &str, reasons: &[Reason], number: usize) -> bool {
    let Some((next, others)) = reasons.split_first() else {
        return rest.is_empty();
    };
    let title = essence(&next.title);
    let as_line = rest.strip_prefix(&title).filter(|_| next.details.is_empty());
    if as_line.is_some_and(|rest| is_rest(rest, others, number)) {
        return true;
    }
    let Some(behind) = rest.strip_prefix(&format!("{number}:{title}")) else {
        return false;
    };
    // The title may have ended with a colon, or what follows may begin with one.
    [behind.strip_prefix(':'), Some(behind)].into_iter().flatten().any(|rest| {
        let details = (1..).zip(&next.details).try_fold(rest, |rest, (number, detail)| {
            rest.strip_prefix(&format!("({number}):{}", essence(detail)))
        });
        details.is_some_and(|rest| is_rest(rest, others, number + 1))
    })
}

#[test]
fn nothing_of_any_text_is_lost() {
    let pieces = [
        "1:",
        "2:",
        "3:",
        "1：",
        "(1):",
        "(2):",
        "(1)：",
        "(",
        ")",
        ":",
        "：",
        "<br>",
        "<br>",
        "<br>",
        "<BR/>",
        "<br />",
        "<br",
        "<",
        ">",
        "\n",
        "\r\n",
        " ",
        "\u{3000}",
        "标题",
        "详情。",
        "12:30",
        "2",
        "x",
        "\"",
        "\u{0}",
        "😀",
    ];
    let mut random = fastrand::Rng::with_seed(1);
    let (mut taken_apart, mut kept_whole) = (0, 0);
    for _ in 0..100_000 {
        let text: String = (0..random.usize(0..14)).map(|_| pieces[random.usize(0..pieces.len())]).collect();
        let reasons = reason::parse(&text);
        if let [only] = reasons.as_slice()
            && only.details.is_empty()
            && essence(&only.title) == essence(&text)
        {
            assert!(text.contains(&only.title));
            kept_whole += 1;
        } else if !essence(&text).is_empty() || !reasons.is_empty() {
            assert!(is_written_back(&text, &reasons), "{text:?} became {reasons:?}");
            taken_apart += 1;
        }
    }
    assert!(taken_apart > 1000 && kept_whole > 1000, "{taken_apart} {kept_whole}");
}

#[test]
fn texts_of_the_grammar_are_parsed() {
    let words = ["标题", "wifi/4G，ios11.3.1", "\"金融业-保险_\"", "a:b", "（一）", "。", "x<y"];
    let mut random = fastrand::Rng::with_seed(2);
    for _ in 0..5000 {
        let wording = |random: &mut fastrand::Rng| -> String {
            (0..random.usize(1..4)).map(|_| words[random.usize(0..words.len())]).collect()
        };
        let reasons: Vec<Reason> = (0..random.usize(1..5))
            .map(|_| Reason {
                title: wording(&mut random),
                details: (0..random.usize(1..4)).map(|_| wording(&mut random)).collect(),
            })
            .collect();
        for separator in ["<br>", "\n", " "] {
            let mut text = String::new();
            for (number, item) in (1..).zip(&reasons) {
                write!(text, "{number}:{}:{separator}", item.title).unwrap();
                for (number, detail) in (1..).zip(&item.details) {
                    write!(text, "({number}):{detail}{separator}").unwrap();
                }
            }
            assert_eq!(reason::parse(&text), reasons, "{text}");
        }
    }
}

#[test]
fn hostile_texts_of_the_largest_answer_take_less_than_50_ms() {
    let limit = 256 * 1024;
    let items: Vec<String> = (1..20_000).map(|number| format!("{number}:a<br>")).collect();
    let details: Vec<String> = (1..20_000).map(|number| format!("({number}):a ")).collect();
    let rows = [
        "<".repeat(limit),
        "<br".repeat(limit / 3),
        format!("<br{}", " ".repeat(limit)),
        "<br ".repeat(limit / 4),
        "<br>".repeat(limit / 4),
        format!("1:a<br>{}", "<br ".repeat(limit / 4)),
        " ".repeat(limit),
        "\n".repeat(limit),
        "a ".repeat(limit / 2),
        "1:".repeat(limit / 2),
        "1: ".repeat(limit / 3),
        "1:a<br>".repeat(limit / 7),
        "1:12:30 ".repeat(limit / 8),
        format!("1:a: (1):b {}", "2:30 ".repeat(limit / 5)),
        "(".repeat(limit),
        "9".repeat(limit),
        format!("1:a <br>({}", "1".repeat(limit)),
        "标".repeat(limit / 3),
        items.concat(),
        format!("1:a {}", details.concat()),
    ];
    for text in rows {
        // The fastest of several runs, since other tests run at the same time.
        let fastest = (0..5)
            .map(|_| {
                let start = Instant::now();
                std::hint::black_box(reason::parse(std::hint::black_box(&text)));
                start.elapsed()
            })
            .min()
            .unwrap();
        let beginning: String = text.chars().take(12).collect();
        assert!(fastest < Duration::from_millis(50), "{beginning:?}… took {fastest:?}");
    }
}
