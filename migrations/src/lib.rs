//! Every change ever made to the tables, one a file, both databases.
