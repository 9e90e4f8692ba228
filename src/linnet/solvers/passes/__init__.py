"""Problems whose rows are read anew in each pass: of streams, and of processes that each have a share."""
