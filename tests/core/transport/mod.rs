mod exchange;
mod pool;
mod retry_after;
