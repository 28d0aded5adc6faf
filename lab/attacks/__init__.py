"""The kinds of attack, one file for each family; `lab.attacks.catalog` has them all."""
