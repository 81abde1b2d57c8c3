using Torchyard.Flows.Sources;
using Torchyard.Packages.Python.Markers;
using Torchyard.Packages.Python.Requirements;
using Torchyard.Platform.Errors;
using Torchyard.Recipes.Locks;
using Torchyard.Recipes.Settings;

namespace Torchyard.Flows.Tests.Sources;

public sealed class ProjectPythonTests
{
    [Theory]
    [InlineData("numpy", "libc6=2.41-12", "no Python 3")]
    [InlineData("numpy", "libc6=2.41-12 python3=3.13.5-1", "no pip")]
    [InlineData("numpy", "libc6=2.41-12 python3=3.13.5-1 python3-pip-whl=25.1.1+dfsg-1", null)]
    [InlineData("numpy", "libc6=2.35-0ubuntu3 python3=3.10.6-1 python-pip-whl=20.3", null)]
    [InlineData("numpy==1", "libc6=2.41-12 python3=3.13.5-1", "no pip")]
    [InlineData("numpy==1 pip==25", "libc6=2.41-12 python3=3.13.5-1", null)]
    [InlineData("numpy==1 pip==25", "libc6=2.41-12", "no Python 3")]
    public void A_base_system_without_python_or_pip_is_refused_by_its_packages(string requirements, string packages, string? problem) =>
        Refused(problem, () => ProjectPython.Require(Recipe(new PythonSettings()), Set(requirements), Packages(packages)));

    [Theory]
    [InlineData("libc6=2.41-12 python3=3.13.5-1", null)]
    [InlineData("libc6=2.41-12", "no Python 3")]
    public void Of_a_pylock_only_the_interpreter_is_asked_for_before_it_is_read(string packages, string? problem) =>
        Refused(problem, () =>
            ProjectPython.Require(
                Recipe(new PythonSettings { Pylock = "pylock.toml" }),
                new RequirementSet { Directory = "/" },
                Packages(packages)
            )
        );

    [Theory]
    [InlineData("numpy", "python3=3.13.5-1", "no pip")]
    [InlineData("numpy pip", "python3=3.13.5-1", null)]
    [InlineData("numpy", "python3=3.13.5-1 python3-pip-whl=25.1.1+dfsg-1", null)]
    public void A_lock_without_pip_needs_that_of_the_base_system(string distributions, string packages, string? problem)
    {
        var locked = new LockedPython
        {
            Interpreter = "3.13",
            Resolver = "pylock.toml",
            Indexes = [],
            Packages =
            [
                .. distributions
                    .Split(' ')
                    .Select(name => new LockedPythonPackage
                    {
                        Name = name,
                        Version = "1",
                        Filename = $"{name}-1-py3-none-any.whl",
                        Size = 1,
                        Sha256 = default,
                    }),
            ],
        };
        Refused(problem, () => ProjectPython.Require(locked, Packages(packages)));
    }

    private static void Refused(string? problem, Action check)
    {
        if (problem is null)
        {
            check();
            return;
        }

        var error = Assert.Throws<TorchyardException>(check);
        Assert.Equal(("TY2516", $"the base system has {problem}"), (error.Code, error.Message));
        Assert.Contains("python3-venv", error.Cure, StringComparison.Ordinal);
    }

    private static Recipe Recipe(PythonSettings python) =>
        new()
        {
            Name = "x",
            Base = new DebianBase { Suite = "trixie" },
            Python = python,
        };

    private static RequirementSet Set(string requirements)
    {
        var set = new RequirementSet { Directory = "/" };
        set.Requirements.AddRange(
            requirements.Split(' ').Select(text => new RequirementLine { Requirement = Requirement.Parse(text), Hashes = [default] })
        );
        return set;
    }

    private static List<SystemPackage> Packages(string packages) =>
        [.. packages.Split(' ').Select(package => package.Split('=')).Select(package => new SystemPackage(package[0], package[1]))];
}
