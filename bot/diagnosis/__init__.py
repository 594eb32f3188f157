"""What is known about faults, without looking: the table of causes, the root-cause rule, the language of Corefiles and
log lines, the marks by which platforms are known.

Everything here is pure: no clock, no cluster. May import: networks, model. Called by steps (to judge), by the engine
(conclude) and by the command line (explain).
"""
