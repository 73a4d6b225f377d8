mod exchange;
mod no_proxy;
mod pem;
mod pool;
mod retry_after;
