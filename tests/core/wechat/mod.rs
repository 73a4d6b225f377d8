mod base_url;
mod decode;
mod decode_other_operations;
mod excerpt;
mod image;
mod reason;
mod reason_hostile;
mod request;
