//! Any text may be given as an expression file: reading it ends with a field or with an error, and what has been read
//! can be written, and read again, as the same.

#![no_main]

use fieldgrad::scene::vm::{read_vm, write_vm};

libfuzzer_sys::fuzz_target!(|text: &str| {
    let Ok(field) = read_vm(text, "fuzz.vm") else { return };
    let written = write_vm(&field).expect("what was read can be written");
    let again = read_vm(&written, "again.vm").expect("what was written can be read");
    let at = [0.25, -0.5, 0.75, 0.0];
    let [value, same] = [field, again].map(|field| field.value_at(at).expect("it has no kernel"));
    assert!(value == same || value.is_nan() && same.is_nan(), "{value} became {same}: {written}");
});
