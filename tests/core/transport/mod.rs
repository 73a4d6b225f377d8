mod exchange;
mod no_proxy;
mod pool;
mod retry_after;
