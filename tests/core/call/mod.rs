mod batch;
mod client;
mod failover;
mod limits;
mod quota;
mod retry;
mod token_source;
