//! Any text may be given as an expression file: reading it ends with a field or with an error, and what has been read
//! can be written, and read again, as the same.

#![no_main]

use fieldgrad::scene::vm::{read_vm, write_vm};

libfuzzer_sys::fuzz_target!(|text: &str| {
    let Ok(field) = read_vm(text, "fuzz.vm") else { return };
    let Ok(written) = write_vm(&field) else { return };
    let again = read_vm(&written, "again.vm").expect("what was written can be read");
    let at = [0.25, -0.5, 0.75, 0.0];
    let (value, same) = (field.value_at(at).ok(), again.value_at(at).ok());
    assert_eq!(value.map(f64::to_bits), same.map(f64::to_bits), "{written}");
});
