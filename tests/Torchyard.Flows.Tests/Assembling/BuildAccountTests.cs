using Torchyard.Flows.Assembling;
using Torchyard.Images.Timings;

namespace Torchyard.Flows.Tests.Assembling;

public sealed class BuildAccountTests
{
    [Fact]
    public void An_account_ends_with_what_no_kind_of_work_explains_and_with_the_whole()
    {
        var lines = BuildAccount.Lines(new BuildTimings()).ToList();

        Assert.StartsWith("WORK", lines[0], StringComparison.Ordinal);
        Assert.StartsWith("all else", lines[^2], StringComparison.Ordinal);
        Assert.Matches(@"^whole build +\d+\.\d\d +\d+\.\d\d   \d+ CPUs \d+ % busy with it$", lines[^1]);
    }

    [Fact]
    public void Every_kind_of_work_has_a_name_for_people_that_fits_its_column()
    {
        var names = Enum.GetValues<BuildWork>().Select(BuildAccount.Name).ToList();

        Assert.Equal(names.Count, names.Distinct().Count());
        Assert.All(Enum.GetValues<BuildWork>(), work => Assert.NotEqual(work.ToString(), BuildAccount.Name(work)));
        Assert.All(names, name => Assert.InRange(name.Length, 1, 36));
    }

    [Fact]
    public void A_build_in_another_process_gets_the_same_wishes()
    {
        Assert.Empty(BuildAccount.None.Options());
        Assert.Equal(["--timings", "--trace", "/tmp/trace.json"], new BuildAccount(true, "/tmp/trace.json").Options());
    }
}
