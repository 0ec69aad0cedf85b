#!/usr/bin/env perl
# documents.pl [--write] FILE.md ...: runs the SQL of a document and compares
# what psql prints with what the document says.
#
# A block ```sql is fed to psql, all blocks of a document in one session.  A
# block ```text right after it is its output, messages included; a block
# without one may print what it likes but no error.  <!-- sql ... --> is run
# and not shown; <!-- table ... --> is run and prints the rows of the Markdown
# table that it stands in.  --write puts the real output into the document.
use strict;
use warnings;

my $write = @ARGV && $ARGV[0] eq '--write' ? shift : 0;
my $psql = $ENV{PSQL} // 'psql';
my $marker = 'end of block ';
my $failed = 0;

# A document as pieces: [text], [sql, code], [output, text], [hidden, code],
# [table, code], [rows, text]
sub read_document
{
	my ($file) = @_;
	open my $in, '<', $file or die "$file: $!\n";
	my (@pieces, $kind);
	while (my $line = <$in>)
	{
		if (!$kind && ($line =~ /^```(sql|text)\s*$/ || $line =~ /^<!-- (sql|table)$/))
		{
			$kind = { '```sql' => 'sql', '```text' => 'output', '<!-- sql' => 'hidden',
				'<!-- table' => 'table' }->{ $line =~ s/\s+$//r };
			push @pieces, [ $kind, '' ];
		}
		elsif ($kind && $line =~ ($kind =~ /hidden|table/ ? qr/^-->$/ : qr/^```$/))
		{
			push @pieces, [ 'rows', '' ] if $kind eq 'table';
			$kind = undef;
		}
		elsif ($kind)
		{
			$pieces[-1][1] .= $line;
		}
		elsif (@pieces && ($pieces[-1][0] eq 'text' || $pieces[-1][0] eq 'rows' && $line =~ /^\|/))
		{
			$pieces[-1][1] .= $line;
		}
		else
		{
			push @pieces, [ 'text', $line ];
		}
	}
	die "$file: a block has no end\n" if $kind;
	return @pieces;
}

# What psql prints for each of the blocks.
sub run_blocks
{
	my (@blocks) = @_;
	my $script = '';
	for my $i (0 .. $#blocks)
	{
		my ($kind, $code) = @{ $blocks[$i] };
		$code = "\\pset format unaligned\n\\pset tuples_only on\n$code\n;\\pset format aligned\n\\pset tuples_only off\n"
			if $kind eq 'table';
		$script .= "$code\n;\\echo\n\\echo $marker$i\n";
	}
	open my $file, '>', "documents.$$.sql" or die "$!\n";
	print $file $script;
	close $file;
	my $all = `stdbuf -oL $psql -X -q <documents.$$.sql 2>&1`;
	unlink "documents.$$.sql";
	my @outputs;
	for my $i (0 .. $#blocks)
	{
		$all =~ s/^(.*?)\n?\Q$marker$i\E\n//s or die "psql ended early:\n$all\n";
		my $output = $1;
		$output =~ s/[ \t]+$//mg;
		$output =~ s/^\n+//;
		$output =~ s/\n*\z/\n/;
		push @outputs, $output eq "\n" ? '' : $output;
	}
	return @outputs;
}

for my $file (@ARGV)
{
	my @pieces = read_document($file);
	my @runs = grep { $pieces[$_][0] =~ /sql|hidden|table/ } 0 .. $#pieces;
	next unless @runs;
	my @outputs = run_blocks(map { $pieces[$_] } @runs);
	my $wrong = 0;
	for my $run (@runs)
	{
		my $output = shift @outputs;
		# a blank line between a block and its output is allowed
		my $next = $run + 1;
		$next++ if $next < @pieces && $pieces[$next][0] eq 'text' && $pieces[$next][1] =~ /^\s*$/;
		if ($next < @pieces && $pieces[$next][0] =~ /output|rows/)
		{
			if ($write)
			{
				$pieces[$next][1] = $output;
			}
			elsif ($pieces[$next][1] ne $output)
			{
				$wrong++;
				print "$file: the output of\n$pieces[$run][1]is said to be\n$pieces[$next][1]and is\n$output\n";
			}
		}
		elsif ($output =~ /^(psql:.*)?ERROR:/m)
		{
			$wrong++;
			print "$file: an error in\n$pieces[$run][1]$output\n";
		}
	}
	if ($write)
	{
		my %frame = (text => [ '', '' ], rows => [ '', '' ], sql => [ "```sql\n", "```\n" ],
			output => [ "```text\n", "```\n" ], hidden => [ "<!-- sql\n", "-->\n" ],
			table => [ "<!-- table\n", "-->\n" ]);
		open my $out, '>', $file or die "$file: $!\n";
		for my $piece (@pieces)
		{
			my ($before, $after) = @{ $frame{ $piece->[0] } };
			print $out $before, $piece->[1], $after;
		}
		close $out;
	}
	printf "%s: %d blocks, %d wrong\n", $file, scalar @runs, $wrong;
	$failed += $wrong;
}
exit($failed ? 1 : 0);
