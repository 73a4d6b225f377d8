mod named;
mod redaction;
