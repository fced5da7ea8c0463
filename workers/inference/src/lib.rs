//! The Worker that holds the models; reached only over a service binding.
