//! How long parts of a call take: `make bench-core`.

use std::error::Error;
use std::hint::black_box;

use criterion::Criterion;
use wxaudit_benches::{IN_REVIEW, Parts, REASON, REJECTED, reasons};

fn main() -> Result<(), Box<dyn Error>> {
    let parts = Parts::new()?;
    // An answer that does not decode would be measured as a very fast one.
    parts.decode(IN_REVIEW)?;
    parts.decode(REJECTED.as_bytes())?;

    let mut criterion = Criterion::default().configure_from_args();
    criterion.bench_function("decode, in review", |bench| bench.iter(|| parts.decode(black_box(IN_REVIEW))));
    criterion.bench_function("decode, rejected", |bench| {
        bench.iter(|| parts.decode(black_box(REJECTED.as_bytes())));
    });
    criterion.bench_function("parse a reason", |bench| bench.iter(|| reasons(black_box(REASON))));
    criterion.bench_function("build a request", |bench| bench.iter(|| black_box(&parts).request()));
    criterion.final_summary();
    Ok(())
}
