"""How far the measures can be believed: bias and spread against simulated truth, a correction, repeatability."""
