"""What is wrong with an installation: looked at (`read`), judged (`checks`), mended (`mend`)."""
