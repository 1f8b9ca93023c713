"""Networks over one flat parameter vector: what is computed, and how it is trained."""
