"""What each rule file asks of the plan: a module a rule file, of the same name; of soft labels and maps, in `data`."""
