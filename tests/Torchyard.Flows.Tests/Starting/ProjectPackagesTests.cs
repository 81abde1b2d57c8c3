using Torchyard.Flows.Starting;
using Torchyard.Images.Environments;
using Torchyard.Recipes.Settings;

namespace Torchyard.Flows.Tests.Starting;

public sealed class ProjectPackagesTests : IDisposable
{
    private static readonly ProjectPython Python = new("3.13");

    private readonly TemporaryDirectory _root = new();
    private readonly string _directory;

    public ProjectPackagesTests()
    {
        _directory = Path.Combine(_root.Path, "python3.13");
        ProjectPythonDirectory.Ensure(Python, _directory);
    }

    public void Dispose() => _root.Dispose();

    [Fact]
    public void A_new_environment_is_whole_and_has_nothing_in_it()
    {
        Assert.Equal("/usr/bin/python3.13", new FileInfo(Path.Combine(_directory, "bin/python3")).LinkTarget);
        Assert.True(File.GetUnixFileMode(Path.Combine(_directory, "bin/pip")).HasFlag(UnixFileMode.OtherExecute));
        Assert.Contains("home = /usr/bin\n", File.ReadAllText(Path.Combine(_directory, "pyvenv.cfg")), StringComparison.Ordinal);
        Assert.Empty(ProjectPackages.Read(_directory));
    }

    [Fact]
    public void One_that_is_there_stays_as_it_is()
    {
        Install("einops-0.8.1", requested: true);

        ProjectPythonDirectory.Ensure(Python, _directory);

        Assert.Single(ProjectPackages.Read(_directory));
    }

    [Fact]
    public void What_was_asked_for_becomes_lines_of_the_recipe()
    {
        Install("tqdm-4.67.1", requested: true);
        Install("einops-0.8.1", requested: true);
        Install("helper-2.0", requested: false);

        var added = ProjectPackages.Read(_directory);

        Assert.Equal([new("einops", "0.8.1", true), new("helper", "2.0", false), new("tqdm", "4.67.1", true)], added);
        Assert.Equal(
            ["[python]", "packages = [\"einops==0.8.1\", \"tqdm==4.67.1\"]"],
            ProjectPackages.RecipeLines(added, Recipe("python3-venv"))
        );
        Assert.Equal("to packages add \"python3-venv\"", ProjectPackages.RecipeLines(added, Recipe("python3"))[0]);
        Assert.Equal(
            ["in [python]: to packages add \"tqdm==4.67.1\""],
            ProjectPackages.RecipeLines(
                added,
                Recipe("python3-venv") with
                {
                    Python = new PythonSettings { Packages = ["Einops[all]>=0.8"] },
                }
            )
        );
        Assert.Empty(ProjectPackages.RecipeLines([], Recipe()));
    }

    [Fact]
    public void Links_and_odd_names_that_a_program_inside_puts_there_are_not_followed_and_not_shown()
    {
        var site = Path.Combine(_directory, Python.SitePackages);
        Directory.CreateDirectory(Path.Combine(site, "evil\u001b[31m-1.0.dist-info"));
        Directory.CreateDirectory(Path.Combine(site, "two words-1.0.dist-info"));
        Assert.Empty(ProjectPackages.Read(_directory));
        var outside = Directory.CreateDirectory(Path.Combine(_root.Path, "outside", "secret-1.0.dist-info")).Parent!.FullName;
        Directory.Delete(Path.Combine(_directory, "lib"), recursive: true);
        Directory.CreateDirectory(Path.Combine(_directory, "lib", "python3.13"));
        File.CreateSymbolicLink(Path.Combine(_directory, Python.SitePackages), outside);

        Assert.Empty(ProjectPackages.Read(_directory));
    }

    private static Recipe Recipe(params string[] packages) =>
        new()
        {
            Name = "work",
            Base = new DebianBase { Suite = "trixie" },
            Packages = packages,
        };

    private void Install(string name, bool requested)
    {
        var info = Directory.CreateDirectory(Path.Combine(_directory, Python.SitePackages, name + ".dist-info")).FullName;
        if (requested)
        {
            File.WriteAllText(Path.Combine(info, "REQUESTED"), "");
        }
    }
}
