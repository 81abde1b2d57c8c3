using Torchyard.Packages.Python.Requirements;
using Torchyard.Packages.Python.Settings;
using Torchyard.Packages.Python.Sources;
using Torchyard.Recipes.Sources;

namespace Torchyard.Fuzz.Targets.Python;

internal sealed class PyprojectTarget : FuzzTarget
{
    public override string Name => "pyproject";

    public override string Input => "pyproject.toml: of a project, and of source archives that are built";

    public override IReadOnlyList<string> Words =>
        [
            "[project]\nname = \"a\"\n",
            "dependencies = [\"b>=1\"]\n",
            "requires-python = \">=3.10\"\n",
            "[project.optional-dependencies]\nx = [\"a[y]\"]\ny = [\"c\"]\n",
            "[dependency-groups]\ntest = [\"d\", {include-group = \"other\"}]\nother = []\n",
            "dynamic = [\"dependencies\"]\n",
            "[build-system]\nrequires = [\"setuptools\"]\nbuild-backend = \"setuptools.build_meta:__legacy__\"\nbackend-path = [\".\"]\n",
            "{include-group = \"test\"}",
            "[tool.uv]\n",
        ];

    public override object? Parse(byte[] input)
    {
        var path = InputFile.Write(input, "pyproject.toml");
        var directory = Path.GetDirectoryName(path)!;
        var files = new ProjectFiles(directory);
        var set = new RequirementSet { Directory = directory };
        var reader = new RequirementFileReader(set, files, new CredentialVariables(static _ => null, static (_, _) => false));
        var backend = "";
        try
        {
            backend = ResultText.Of(BuildBackend.Read(input, hasSetup: false, "a-1.tar.gz"));
        }
        catch (TorchyardException refusal)
        {
            backend = refusal.Message;
        }

        PyprojectReader.Read("pyproject.toml", ["x"], ["test"], files, set, reader, survey: null);
        return (backend, set.Project, set.Requirements.Select(line => line.Requirement?.ToString()).ToList());
    }
}
