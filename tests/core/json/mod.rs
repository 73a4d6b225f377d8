mod hostile;
mod parse;
mod refused;
