//! Run one workload several times under callgrind: `instructions KIND TIMES [BASE_URL]`. The difference between two runs
//! with different TIMES is the workload alone.

use std::error::Error;
use std::hint::black_box;

use wxaudit_benches::{IN_REVIEW, Parts, REASON, REJECTED, client_and_call, reasons};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let kind = arguments.next().ok_or("KIND is missing")?;
    let times: u32 = arguments.next().ok_or("TIMES is missing")?.parse()?;
    let parts = Parts::new()?;
    match kind.as_str() {
        "decode-in-review" => {
            for _ in 0..times {
                black_box(parts.decode(black_box(IN_REVIEW))?);
            }
        }
        "decode-rejected" => {
            for _ in 0..times {
                black_box(parts.decode(black_box(REJECTED.as_bytes()))?);
            }
        }
        "reason" => {
            for _ in 0..times {
                black_box(reasons(black_box(REASON)));
            }
        }
        "request" => {
            for _ in 0..times {
                black_box(black_box(&parts).request()?);
            }
        }
        "call" => call(&arguments.next().ok_or("BASE_URL is missing")?, times)?,
        other => return Err(format!("unknown kind {other}").into()),
    }
    Ok(())
}

/// Makes whole calls, one after another on one thread.
fn call(base_url: &str, times: u32) -> Result<(), Box<dyn Error>> {
    let (client, call) = client_and_call(base_url)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        for _ in 0..times {
            black_box(client.get_audit_status(&call).await.map_err(|failure| failure.error)?);
        }
        Ok(())
    })
}
