using Torchyard.EndToEnd.Streams;

namespace Torchyard.EndToEnd.Environment;

/// <summary>Two projects whose recipes have one name are brought up at one moment.</summary>
[Collection(SmallContainerTests.Name)]
public sealed class SameNameTests(SmallContainer small)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Both_run_one_with_a_part_of_its_projects_id()
    {
        string[] projects = [small.NewDirectory(), small.NewDirectory()];
        foreach (var project in projects)
        {
            File.WriteAllText(
                Path.Combine(project, "torchyard.toml"),
                "name = \"twin\"\npackages = [\"bash\", \"python3\"]\n[base]\nsuite = \"trixie\"\n"
            );
            (await small.Store.RunAsync(project, ["build"], Cancellation)).Succeeded();
        }

        try
        {
            var both = await Task.WhenAll(projects.Select(project => small.Store.RunAsync(project, ["up", "--json"], Cancellation)));

            var names = both.Select(up => UpReport.Read(up.Succeeded().Output).Name).Order(StringComparer.Ordinal).ToList();
            Assert.Equal("twin", names[0]);
            Assert.Matches("^twin-[0-9a-f]{4}$", names[1]);
        }
        finally
        {
            foreach (var project in projects)
            {
                await small.Store.RunAsync(project, ["down"], Cancellation);
            }
        }
    }
}
