# Reports when rules arrive in the kernel of this network namespace. In perl, because Node has no netlink sockets.
#   watch-kernel.pl nft       a line `10.250.x.y` for each such address in a message that nf_tables sends after a commit
#   watch-kernel.pl legacy    a line `entries N` when the number of entries in ip_tables' nat table has changed
use strict;
use warnings;
use Socket;
$| = 1;

my ($mode) = @ARGV;
if ($mode eq 'nft') {
    # AF_NETLINK, NETLINK_NETFILTER, group NFNLGRP_NFTABLES (7)
    socket(my $socket, 16, SOCK_RAW, 12) or die "socket: $!";
    setsockopt($socket, SOL_SOCKET, 33, pack('i', 64 << 20)) or die "SO_RCVBUFFORCE: $!";
    bind($socket, pack('S S L L', 16, 0, 0, 1 << 6)) or die "bind: $!";
    print "ready\n";
    while (1) {
        # recv fails when the buffer overflows. Messages are lost, but the socket still works.
        next unless defined recv($socket, my $message, 1 << 20, 0);
        my %seen;
        $seen{"$1.$2"}++ or print '10.250.', ord $1, '.', ord $2, "\n" while $message =~ /\x0a\xfa(.)(.)/gs;
    }
}
socket(my $socket, AF_INET, SOCK_RAW, 255) or die "socket: $!";
my %getsockopt = (x86_64 => 55, aarch64 => 209);
my $call = $getsockopt{ (split ' ', `uname -m`)[0] } or die 'unknown machine';
print "ready\n";
my $known = 0;
while (1) {
    # IPT_SO_GET_INFO: in struct ipt_getinfo, num_entries comes after name, valid_hooks and two arrays of five
    my ($info, $length) = (pack('a32 x52', 'nat'), pack('i', 84));
    if (syscall($call, fileno $socket, 0, 64, $info, $length) == 0) {
        my $entries = unpack('I', substr $info, 76, 4);
        print "entries $entries\n" if $entries != $known;
        $known = $entries;
    }
    select undef, undef, undef, 0.001;
}
