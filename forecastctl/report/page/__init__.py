"""Makes the files of a report from what is known. Pure, but for the templates of the package."""
