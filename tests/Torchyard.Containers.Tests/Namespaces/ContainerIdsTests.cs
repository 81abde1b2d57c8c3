using CsCheck;
using Torchyard.Containers.Namespaces;

namespace Torchyard.Containers.Tests.Namespaces;

public class ContainerIdsTests
{
    private static readonly Gen<uint> AnyId = Gen.OneOf(
        Gen.UInt[0, 70_000],
        Gen.UInt[0, uint.MaxValue - 2],
        Gen.UInt[ContainerIds.Parking - 5, ContainerIds.Parking + 70_000]
    );

    [Fact]
    public void Every_id_inside_has_one_outside_in_the_containers_own_range() =>
        Gen.Select(Gen.UInt, AnyId, AnyId, Gen.UInt[1, 70_000].Array[0, 3])
            .Sample(
                (start, uid, gid, shared) =>
                {
                    var ids = ContainerIds.Choose($"{start:x8}", (_, _) => false, [uid], [gid], shared)!;
                    AssertOneToOne(ids.Uids);
                    AssertOneToOne(ids.Gids);
                    foreach (var id in new[] { 0u, 1000u, 65534u, uid })
                    {
                        Assert.InRange(IdMapping.ToOutside(ids.Uids, id)!.Value, 524288u, ContainerIds.Parking - 1);
                    }

                    Assert.NotNull(IdMapping.ToOutside(ids.Gids, gid));
                    Assert.All(shared, group => Assert.Equal(group, IdMapping.ToOutside(ids.Gids, group)));
                }
            );

    [Fact]
    public void A_taken_range_is_passed_over_and_no_range_at_all_is_said()
    {
        var first = ContainerIds.Choose("00000000", (_, _) => false, [], [], [])!;
        var second = ContainerIds.Choose("00000000", (start, count) => ContainerIds.Overlaps(first.Uids, start, count), [], [], [])!;

        Assert.False(ContainerIds.Overlaps(first.Uids, second.Uids[0].Outside, second.Uids[0].Count));
        Assert.Null(ContainerIds.Choose("00000000", (_, _) => true, [], [], []));
    }

    [Fact]
    public void On_a_mount_the_owner_is_the_containers_user_and_nobody_else_is_anybody_of_the_machine() =>
        Gen.Select(AnyId, AnyId, Gen.UInt)
            .Sample(
                (owner, user, start) =>
                {
                    var ids = ContainerIds.Choose($"{start:x8}", (_, _) => false, [user], [user], [])!;
                    var rows = ContainerIds.ForMount(owner, user, ids.Uids);

                    AssertOneToOne(rows);
                    Assert.Equal(IdMapping.ToOutside(ids.Uids, user), IdMapping.ToOutside(rows, owner));
                    foreach (var inside in new[] { 0u, 1000u, 65533u }.Where(id => id != user))
                    {
                        // What another user inside writes: an id of the parking range on disk, or none at all where the owner has it.
                        var outside = IdMapping.ToOutside(ids.Uids, inside)!.Value;
                        var row = rows.Where(row => outside >= row.Outside && outside - row.Outside < row.Count).ToList();
                        Assert.All(row, found => Assert.Equal(ContainerIds.Parking + inside, found.Inside + (outside - found.Outside)));
                    }
                }
            );

    [Theory]
    [InlineData("600000:", "", "", 655360u, false)]
    [InlineData("u:x:700000:1::/:/bin/sh", "", "", 655360u, true)]
    [InlineData("g:x:786431:", "", "", 655360u, true)]
    [InlineData("g:x:786432:", "", "", 655360u, false)]
    [InlineData("", "alice:655360:65536", "", 655360u, true)]
    [InlineData("", "alice:100000:65536", "", 655360u, false)]
    [InlineData("", "alice:4294967295:65536", "", 655360u, false)]
    public void Ids_of_users_groups_and_subordinate_ranges_are_taken(
        string account,
        string subordinate,
        string services,
        uint first,
        bool taken
    ) => Assert.Equal(taken, TakenIds.Of([], [account], [subordinate], [services]).Contains(first, 131072));

    private static void AssertOneToOne(IReadOnlyList<IdRange> rows)
    {
        foreach (var order in new Func<IdRange, uint>[] { row => row.Inside, row => row.Outside })
        {
            ulong end = 0;
            foreach (var row in rows.OrderBy(order))
            {
                Assert.True(order(row) >= end, $"{string.Join(' ', rows)} overlap");
                Assert.True(row.Count > 0);
                end = (ulong)order(row) + row.Count;
            }

            Assert.True(end <= uint.MaxValue);
        }
    }
}
