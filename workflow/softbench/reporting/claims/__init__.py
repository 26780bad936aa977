"""The papers' sentences, judged on the printed numbers and on ours, as the reader sees them."""
