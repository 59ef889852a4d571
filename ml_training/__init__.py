"""Training of the models: simulated patients, datasets, training, evaluation, export. TensorFlow lives here only."""
