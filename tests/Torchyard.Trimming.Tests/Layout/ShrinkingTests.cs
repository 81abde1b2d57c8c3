using System.Buffers.Binary;
using CsCheck;
using Torchyard.Platform.Errors;
using Torchyard.Trimming.Tests.Libraries;

namespace Torchyard.Trimming.Tests.Layout;

public sealed class ShrinkingTests
{
    private static readonly Gen<TestEntry> Entries =
        from kind in Gen.Int[0, 9]
        from architecture in Gen.OneOf(Gen.Const(70u), Gen.Const(75u), Gen.Const(80u), Gen.Const(86u), Gen.Const(90u), Gen.Const(100u))
        from payload in Gen.OneOf(Gen.Int[0, 40], Gen.Int[0, 5000])
        from fill in Gen.Byte[1, 255]
        select kind == 0 ? TestEntry.Ptx(architecture, payload * 8) with { Fill = fill }
        : kind == 1 ? TestEntry.Cubin(architecture, payload * 8) with { Kind = 8, Fill = fill }
        : TestEntry.Cubin(architecture, payload * 8) with { Fill = fill };

    private static readonly Gen<TestEntry[][]> Libraries = Entries.Array[0, 6].Array[1, 8];

    [Fact]
    public void Every_byte_that_stays_keeps_its_address() =>
        Libraries.Sample(
            regions =>
            {
                var library = TestLibrary.Of(regions);
                var before = library.Bytes();
                var found = Trimmed.Try(before, out var after, "sm_80", "sm_90");
                var (old, now) = (new MemoryImage(before), new MemoryImage(after));
                Assert.True(now.IsLoadable(4096));
                Assert.Equal(old.End, now.End);
                Assert.True(after.Length <= before.Length);
                Assert.Equal(after.Length, found!.Plan.BytesAfter);
                foreach (var (start, index) in library.Starts.Select((start, index) => (start, index)))
                {
                    Assert.Equal(Kept(regions[index], old.Entries(start)), now.Entries(start));
                }

                var deviceCode = (From: library.Starts[0], To: library.Starts[^1] + library.Regions[^1].Length);
                foreach (var address in old.Addresses.Where(at => at < deviceCode.From || at >= deviceCode.To))
                {
                    Assert.Equal(old.At(address), now.At(address));
                }
            },
            iter: 60,
            threads: 1
        );

    [Fact]
    public void Trimming_twice_changes_nothing_more_and_the_same_input_gives_the_same() =>
        Libraries.Sample(
            regions =>
            {
                var before = TestLibrary.Of(regions).Bytes();
                Trimmed.Try(before, out var once, "sm_90");
                Trimmed.Try(before, out var again, "sm_90");
                Trimmed.Try(once, out var twice, "sm_90");
                Assert.Equal(once, again);
                Assert.Equal(once, twice);
            },
            iter: 60,
            threads: 1
        );

    [Fact]
    public void A_library_trimmed_for_two_gpus_is_trimmed_for_one_as_the_original_is() =>
        Libraries.Sample(
            regions =>
            {
                var library = TestLibrary.Of(regions);
                Trimmed.Try(library.Bytes(), out var both, "sm_80", "sm_90");
                Trimmed.Try(both, out var narrowed, "sm_90");
                Trimmed.Try(library.Bytes(), out var direct, "sm_90");
                // PTX that only the other target needed goes, too.
                var (first, second) = (new MemoryImage(narrowed), new MemoryImage(direct));
                Assert.True(first.IsLoadable(4096));
                foreach (var start in library.Starts)
                {
                    Assert.Equal(second.Entries(start), first.Entries(start));
                }
            },
            iter: 60,
            threads: 1
        );

    [Fact]
    public void A_library_really_shrinks()
    {
        var library = TestLibrary.Of([TestEntry.Cubin(80, 400_000), TestEntry.Cubin(90, 8000), TestEntry.Cubin(70, 400_000)]).Bytes();
        var found = Trimmed.Try(library, out var after, "sm_90");
        Assert.InRange(after.Length, 8000, 8000 + 4 * 4096);
        Assert.InRange(found!.Plan.ZeroBytes, 0, 2 * 4096);
        Assert.Equal(1, found.Plan.Regions);
        Assert.Equal(0, found.Plan.EmptiedRegions);
        Assert.Equal(Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(after)), found.Sha256);
    }

    [Fact]
    public void Regions_that_no_target_can_load_are_emptied_and_their_headers_stay()
    {
        var library = TestLibrary.Of([TestEntry.Cubin(70, 80_000)], [TestEntry.Cubin(90)], [TestEntry.Cubin(75, 80_000)]);
        var found = Trimmed.Try(library.Bytes(), out var after, "sm_90");
        var now = new MemoryImage(after);
        Assert.Equal(2, found!.Plan.EmptiedRegions);
        Assert.Empty(now.Entries(library.Starts[0]));
        Assert.Single(now.Entries(library.Starts[1]));
        Assert.Empty(now.Entries(library.Starts[2]));
    }

    [Fact]
    public void On_arm64_pieces_lie_on_the_largest_page()
    {
        var library = TestLibrary.Of([TestEntry.Cubin(70, 800_000)], [TestEntry.Cubin(90)], [TestEntry.Cubin(75, 800_000)]) with
        {
            Machine = 183,
        };
        // Data follow the read-only segment by a page of 4 KiB only, which arm64's linkers do not do.
        var bytes = library.Bytes();
        Trimmed.Try(bytes, out var after, "sm_90");
        var now = new MemoryImage(after);
        Assert.True(after.Length < 600_000);
        Assert.True(now.IsLoadable(4096));
        Assert.Single(now.Entries(library.Starts[1]));
    }

    [Fact]
    public void A_program_keeps_its_length_because_its_headers_cannot_move()
    {
        var library = TestLibrary.Of([TestEntry.Cubin(80, 400_000), TestEntry.Cubin(90)]) with { IsProgram = true };
        var found = Trimmed.Try(library.Bytes(), out var after, "sm_90");
        Assert.Equal(library.Bytes().Length, after.Length);
        Assert.InRange(found!.Plan.ZeroBytes, 400_000, 401_000);
        Assert.Single(new MemoryImage(after).Entries(library.Starts[0]));
    }

    [Fact]
    public void A_region_that_is_pointed_into_stays_whole()
    {
        var library = TestLibrary.Of([TestEntry.Cubin(80, 40_000), TestEntry.Cubin(90)], [TestEntry.Cubin(80, 40_000)]) with { Skew = 80 };
        var found = Trimmed.Try(library.Bytes(), out var after, "sm_90");
        Assert.Equal(2, new MemoryImage(after).Entries(library.Starts[0]).Count);
        Assert.Empty(new MemoryImage(after).Entries(library.Starts[1]));
        Assert.Contains(found!.Plan.Doubts, doubt => doubt.Contains("is pointed into", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(4, 48)]
    [InlineData(8, 7)]
    [InlineData(8, 1 << 30)]
    [InlineData(16, 1 << 20)]
    public void A_region_with_an_entry_that_is_not_understood_stays_whole(int field, int value)
    {
        var strange = TestEntry.Region(TestEntry.Cubin(80), TestEntry.Cubin(70));
        BinaryPrimitives.WriteInt32LittleEndian(strange.AsSpan(16 + field), value);
        var library = TestLibrary.Of([], [TestEntry.Cubin(70, 40_000)]);
        library = library with { Regions = [strange, library.Regions[1]] };
        var before = library.Bytes();
        var found = Trimmed.Try(before, out var after, "sm_90");
        var (old, now) = (new MemoryImage(before), new MemoryImage(after));
        for (var at = library.Starts[0]; at < library.Starts[1]; at++)
        {
            Assert.Equal(old.At(at), now.At(at));
        }

        Assert.Empty(now.Entries(library.Starts[1]));
        Assert.Single(found!.Plan.Doubts);
    }

    [Fact]
    public void Behind_an_unknown_header_everything_stays()
    {
        var library = TestLibrary.Of([TestEntry.Cubin(70, 40_000)], [TestEntry.Cubin(70, 40_000)]);
        var other = library.Regions[1].ToArray();
        other[4] = 2;
        library = library with { Regions = [library.Regions[0], other] };
        var before = library.Bytes();
        Trimmed.Try(before, out var after, "sm_90");
        var (old, now) = (new MemoryImage(before), new MemoryImage(after));
        Assert.Empty(now.Entries(library.Starts[0]));
        for (var at = library.Starts[1]; at < library.Starts[1] + other.Length; at++)
        {
            Assert.Equal(old.At(at), now.At(at));
        }
    }

    [Fact]
    public void Any_change_of_a_byte_gives_a_library_that_loads_or_a_refusal()
    {
        var library = TestLibrary.Of([TestEntry.Cubin(80, 9000 * 8), TestEntry.Cubin(90)], [TestEntry.Ptx(70)]).Bytes();
        Gen.Select(Gen.Int[0, 1023], Gen.Byte, Gen.Int[1, 6 * 64], Gen.Byte)
            .Sample(
                (at, value, fromEnd, other) =>
                {
                    var damaged = library.ToArray();
                    damaged[at] = value;
                    damaged[^fromEnd] = other;
                    try
                    {
                        Trimmed.Try(damaged, out var once, "sm_90");
                        Trimmed.Try(once, out var twice, "sm_90");
                        Assert.Equal(once, twice);
                        Assert.True(once.Length <= damaged.Length);
                    }
                    catch (TorchyardException refusal)
                    {
                        Assert.Equal("TY3080", refusal.Code);
                    }
                },
                iter: 1000,
                threads: 1
            );
    }

    private static IEnumerable<string> Kept(TestEntry[] entries, IReadOnlyList<string> bytes)
    {
        bool Has(uint target) => entries.Any(entry => entry.Kind == 2 && entry.Architecture == target);
        uint Newest(uint target) =>
            entries
                .Where(entry => entry.Kind == 1 && entry.Architecture <= target)
                .Select(entry => entry.Architecture)
                .DefaultIfEmpty()
                .Max();
        return bytes.Where(
            (_, index) =>
                entries[index] switch
                {
                    { Kind: 8 } => true,
                    { Kind: 2, Architecture: 80 or 90 } => true,
                    { Kind: 1 } ptx => (!Has(80) && ptx.Architecture == Newest(80)) || (!Has(90) && ptx.Architecture == Newest(90)),
                    _ => false,
                }
        );
    }
}
