"""obstore, the Python interface of the Rust crate object_store: any of its stores."""
