"""The verbs: check the rule, write it down, post mail to those concerned; for handlers, jobs and the cli."""
