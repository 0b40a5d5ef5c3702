"""Queue to log: intake stores facts, fulfilment decides."""
