"""The codes of problems with rows, photos and rule sets, which are no error answers: one sentence for each."""

# Of a row of an import, a photo or a set of rules. They come in `problems`, beside codes of the status 400 and 413; a
# change of the rules that makes them contradict themselves is a 400 with one of these.
PROBLEMS: dict[str, str] = {
    "already_enrolled_as": "The person is enrolled under another number.",
    "blurred": "The photo is blurred.",
    "cut_off": "The face is cut off at the edge.",
    "duplicate_card": "Other rows have the same card number.",
    "duplicate_face": "Another row has the same face.",
    "duplicate_mode": "A gate has a mode twice for one schedule.",
    "duplicate_number": "Other rows have the same employee number.",
    "duplicate_photo": "The employee has this picture already.",
    "face_too_small": "The face is too small.",
    "gate_in_two_lanes": "A gate belongs to one lane.",
    "groups_are_empty": "Nobody is in the rule's groups.",
    "missing_photo": "There is no such photo, or there are several.",
    "name_taken": "Two entries of one kind have this name.",
    "no_gates": "No gate leads into the rule's zones.",
    "no_photos": "There is no photo of this person.",
    "not_same_person": "The photo shows somebody else than the others.",
    "other_site": "A zone or gate belongs to another site.",
    "repeated_header": "The line repeats the header.",
    "skipped_by_clock_change": "A window is skipped on a day on which the clock is put forward.",
    "too_bright": "The face is too bright.",
    "too_dark": "The face is too dark.",
    "too_many_photos": "There are more photos than are kept.",
    "turned_away": "The face is turned away.",
    "unknown_reference": "Something that is named does not exist.",
    "unnamed_column": "A cell is filled in a column without a name.",
    "wrong_cell_count": "The row has more or fewer cells than the header.",
    "zone_circle": "A zone would be inside itself.",
}
