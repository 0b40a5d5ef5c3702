"""What our own records say of providers without being asked: who fell silent, and what their bodies began to carry."""
