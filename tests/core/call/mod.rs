mod batch;
mod client;
mod failover;
mod limits;
mod quota;
mod quota_evicted;
mod retry;
mod token_source;
