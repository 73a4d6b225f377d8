mod exchange;
mod pem;
mod pool;
mod retry_after;
