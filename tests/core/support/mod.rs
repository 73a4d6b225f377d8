pub(crate) mod call_harness;
pub(crate) mod scripted_server;
pub(crate) mod transport_harness;
