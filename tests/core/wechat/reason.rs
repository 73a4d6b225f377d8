//! Parsing of reasons: the classic form, copies of it, and free text.

use wxaudit::wechat::reason::{self, Reason};

const TWO_ITEMS: &str = "1:账号信息不符合规范:<br>(1):包含色情因素<br>\
    2:服务类目\"金融业-保险_\"与你提交代码审核时设置的功能页面内容不一致:<br>\
    (1):功能页面设置的部分标签不属于所选的服务类目范围。<br>\
    (2):功能页面设置的部分标签与该页面内容不相关。<br>";
const ONE_ITEM: &str = "1:小程序内容不符合规则:<br>(1):页面无正式运营内容，请上架完整内容再提交审核。\
    （测试环境wifi/4G，ios11.3.1，微信6.6.7，iPhone6）<br>";

fn reason(title: &str, details: &[&str]) -> Reason {
    Reason { title: title.to_owned(), details: details.iter().map(|detail| (*detail).to_owned()).collect() }
}

/// One item with the whole text as its title.
fn whole(text: &str) -> Vec<Reason> {
    vec![reason(text, &[])]
}

fn documented() -> [(&'static str, Vec<Reason>); 2] {
    let two = vec![
        reason("账号信息不符合规范", &["包含色情因素"]),
        reason(
            "服务类目\"金融业-保险_\"与你提交代码审核时设置的功能页面内容不一致",
            &[
                "功能页面设置的部分标签不属于所选的服务类目范围。",
                "功能页面设置的部分标签与该页面内容不相关。",
            ],
        ),
    ];
    let detail =
        "页面无正式运营内容，请上架完整内容再提交审核。（测试环境wifi/4G，ios11.3.1，微信6.6.7，iPhone6）";
    [(TWO_ITEMS, two), (ONE_ITEM, vec![reason("小程序内容不符合规则", &[detail])])]
}

#[test]
fn the_classic_wording_gives_titles_and_details() {
    for (text, expected) in documented() {
        assert_eq!(reason::parse(text), expected);
        assert_eq!(reason::parse(text.trim_end_matches("<br>")), expected);
    }
}

#[test]
fn copies_with_other_separators_give_the_same() {
    let separators = [
        "<br/>",
        "<br />",
        "<BR>",
        "<Br\t/>",
        "<br><br>",
        "<br>\n",
        " <br> ",
        "\r\n<br />\r\n",
        "\n",
        "\r\n",
        "\r",
        "\n\n",
        " \n\t",
        "\u{2028}",
        " ",
        "  ",
        "\t",
        "\u{3000}",
        "\u{a0}",
    ];
    for (text, expected) in documented() {
        for separator in separators {
            let copy = text.replace("<br>", separator);
            assert_eq!(reason::parse(&copy), expected, "{separator:?}");
            // Copies often have another separator at the end.
            assert_eq!(reason::parse(&format!("\n {}<br>\n", copy.trim_end())), expected, "{separator:?}");
        }
    }
}

#[test]
fn full_width_colons_are_accepted_if_the_whole_text_fits() {
    for (text, expected) in documented() {
        assert_eq!(reason::parse(&text.replace(':', "：")), expected);
        assert_eq!(reason::parse(&text.replace("):", ")：")), expected);
    }
    let unfit = "1：标题：<br>3：另一个：<br>(1)：详情";
    assert_eq!(reason::parse(unfit), whole(unfit));
}

#[test]
fn wording_may_contain_colons_numbers_times_and_quotes() {
    let rows = [
        ("1:标题:副标题::<br>(1):a:b<br>", reason("标题:副标题:", &["a:b"])),
        (
            "1:营业时间 12:30-14:00:<br>(1):比例 2:1，2:30 后<br>",
            reason("营业时间 12:30-14:00", &["比例 2:1，2:30 后"]),
        ),
        (
            "1:标题: (1):请在 2:30 后重试 (2):第 12:30 条",
            reason("标题", &["请在 2:30 后重试", "第 12:30 条"]),
        ),
        ("1:18岁以下:<br>(1):2个<br>", reason("18岁以下", &["2个"])),
        ("1:标题:<br>(1):(2):括号<br>(2):（1）全角<br>", reason("标题", &["(2):括号", "（1）全角"])),
        (
            "1:标题:<br>(1):第一行\n2:第二行\n(2):第三行<br>",
            reason("标题", &["第一行\n2:第二行\n(2):第三行"]),
        ),
        ("1:a <b>粗</b> <brx> <br:<br>(1):<b", reason("a <b>粗</b> <brx> <br", &["<b"])),
        ("1: 两 个 词 :  (1): 细 节  (2):  x", reason("两 个 词", &["细 节", "x"])),
        ("1:标题:<br>(1):<br>(2):有<br>", reason("标题", &["", "有"])),
    ];
    for (text, expected) in rows {
        assert_eq!(reason::parse(text), [expected], "{text}");
    }
}

#[test]
fn items_need_no_details() {
    assert_eq!(reason::parse("1:标题"), [reason("标题", &[])]);
    assert_eq!(reason::parse("1:标题:<br>"), [reason("标题", &[])]);
    assert_eq!(reason::parse("1:甲<br>2:乙:<br>(1):丙"), [reason("甲", &[]), reason("乙", &["丙"])]);
    assert_eq!(reason::parse("1:甲\n2:乙"), [reason("甲", &[]), reason("乙", &[])]);
}

#[test]
fn numbers_go_beyond_one_digit() {
    let details: Vec<String> = (1..=12).map(|number| format!("({number}):第{number}条<br>")).collect();
    let items: Vec<String> =
        (1..=11).map(|number| format!("{number}:标题:<br>{}", details.concat())).collect();
    let reasons = reason::parse(&items.concat());
    assert_eq!(reasons.len(), 11);
    for item in reasons {
        assert_eq!(
            (item.title.as_str(), item.details.len(), item.details[11].as_str()),
            ("标题", 12, "第12条")
        );
    }
}

#[test]
fn a_text_that_does_not_fit_is_one_item() {
    let rows = [
        "帐号信息不合规范",
        "2:标题:<br>(1):详情",
        "0:标题:<br>(1):详情",
        "01:标题:<br>(1):详情",
        "(1):详情<br>(2):详情",
        "1:标题:<br>(2):详情",
        "1:标题:<br>(1):详情<br>(1):详情",
        "1:标题:<br>(1):详情<br>(3):详情",
        "1:标题:<br>(1):详情<br>3:标题:<br>(1):详情",
        "1:标题:<br>(1):详情<br>2:标题:<br>(2):详情",
        "1:标题:<br>没有编号<br>(1):详情",
        "1:标题:<br>(1):营业时间<br>2:30-14:00",
        "1::<br>(1):没有标题",
        "1:标题:\n(1):步骤\n1:打开\n2:点击",
        "1、标题:<br>（1）详情",
        // A line that is not numbered stands between numbered ones, or right behind a title that announces details.
        "1:标题:<br>(1):详情<br>注意<br>(2):详情",
        "1:标题:<br>(1):详情<br>注意<br>2:标题:<br>(1):详情",
        "1:标题:<br>没有编号",
        "1:标题:\n没有编号\n2:标题:\n(1):详情",
        // A line with a number that does not belong to the list.
        "(1):先看这里<br>1:标题:<br>(1):详情",
        "12:30 开始<br>1:标题:<br>(1):详情",
        "3:30 前<br>1:标题",
        "1:标题: (1):见附件 3: 说明",
        "1:标题: (1):请在 2:30 (1):后重试",
        "1:标题: (1):请在 2: 处修改",
        "12:30 开始审核",
        "99999999999999999999999999:标题",
        "1",
        "1:",
        "(",
        ":",
        "不通过原因:",
    ];
    for text in rows {
        assert_eq!(reason::parse(text), whole(text), "{text}");
        assert_eq!(reason::parse(&format!(" <br>\n{text}<br/>\r\n")), whole(text), "{text}");
    }
}

#[test]
fn lines_before_and_after_the_list_are_parts_of_their_own() {
    let link = "如有疑问，请查看<a href=\"https://developers.weixin.qq.com/miniprogram/product/\">《运营规范》</a>：";
    let list = [reason("标题", &["详情", "另一个"]), reason("第二个", &["x"])];
    for separator in ["<br>", "<br/>\n", "\n", "\r\n"] {
        let text = ["1:标题:", "(1):详情", "(2):另一个", "2:第二个:", "(1):x", ""].join(separator);
        let after = [list.as_slice(), &[reason(link, &[])]].concat();
        assert_eq!(reason::parse(&format!("{text}{link}")), after, "{separator:?}");
        assert_eq!(reason::parse(&format!("{text}{separator}{link}{separator}")), after, "{separator:?}");
        let before = [&[reason("你好，你的小程序：", &[])], list.as_slice()].concat();
        assert_eq!(reason::parse(&format!("你好，你的小程序：{separator}{text}")), before, "{separator:?}");
        let around = [before.as_slice(), &[reason("第一行", &[]), reason("第二行", &[])]].concat();
        let text = format!("你好，你的小程序：{separator}{text}第一行{separator}第二行");
        assert_eq!(reason::parse(&text), around, "{separator:?}");
    }
    assert_eq!(
        reason::parse("1:甲\n2:乙\n如有疑问"),
        [reason("甲", &[]), reason("乙", &[]), reason("如有疑问", &[])]
    );
}

#[test]
fn a_blank_text_has_no_items() {
    for text in ["", " ", "\r\n", "<br>", " <br/>\n<BR />\u{3000}"] {
        assert_eq!(reason::parse(text), []);
    }
}
