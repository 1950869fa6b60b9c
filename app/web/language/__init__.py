"""The language of the pages: which one a request gets, its catalog, and how templates and answers are translated."""
