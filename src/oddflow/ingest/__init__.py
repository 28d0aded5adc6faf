"""Bytes and logs -> connections: captures, interfaces, logs of Zeek and Suricata, NetFlow."""
