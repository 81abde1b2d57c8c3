using CsCheck;
using Torchyard.Containers.Launch;
using Torchyard.Containers.Namespaces;

namespace Torchyard.Containers.Tests.Namespaces;

public class IdMappingTests
{
    [Fact]
    public void The_callers_id_is_the_trainers_and_every_other_is_a_subordinate_one() =>
        Gen.Select(Gen.UInt[0, 2000], Gen.UInt[1, 100_000])
            .Sample(
                (inside, count) =>
                {
                    const uint Caller = 1234;
                    var mapping = IdMapping.Create(
                        Caller,
                        Caller,
                        inside,
                        new SubordinateRange(500_000, count),
                        new SubordinateRange(500_000, count)
                    );
                    Assert.Equal(Caller, IdMapping.ToOutside(mapping.Uids, inside));
                    var outside = mapping.Uids.Where(r => r.Outside != Caller).ToList();
                    Assert.Equal(count, (uint)outside.Sum(r => r.Count));
                    Assert.All(outside, r => Assert.InRange(r.Outside + r.Count, 500_001u, 500_000 + count));
                }
            );

    [Fact]
    public void A_swap_covers_every_id_once() =>
        Gen.Select(Gen.UInt[0, 100_000], Gen.UInt[0, 100_000])
            .Where(p => p.Item1 != p.Item2)
            .Sample(
                (disk, shown) =>
                {
                    var ranges = MountIds.Swap(disk, shown);
                    Assert.Equal((long)uint.MaxValue, ranges.Sum(r => r.Count));
                    Assert.Contains(new IdRange(disk, shown, 1), ranges);
                    Assert.Contains(new IdRange(shown, disk, 1), ranges);
                }
            );

    [Theory]
    [InlineData("me:100000:65536", true)]
    [InlineData("1000:100000:65536", true)]
    [InlineData("other:100000:65536", false)]
    [InlineData("me:4294967295:65536", false)]
    [InlineData("me:x:y", false)]
    public void Subordinate_rows_are_found_by_name_or_number(string line, bool found) =>
        Assert.Equal(found, SubordinateIds.Find([line], "me", 1000) is not null);
}
