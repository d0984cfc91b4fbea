"""tianfu_sdk: public science-popularisation (科普) services with plugin backends."""
