"""What several families share: transforms, smoothing, SARIMAX fits."""
