using Torchyard.Flows.Importing;
using Torchyard.Packages.Conda;
using Torchyard.Packages.Yaml;

namespace Torchyard.Fuzz.Targets.Projects;

internal sealed class CondaTarget : FuzzTarget
{
    public override string Name => "conda-environment";

    public override string Input => "environment.yml of a stranger's project, for init --from";

    public override IReadOnlyList<string> Words =>
        [
            "name: ldm\n",
            "channels:\n  - pytorch\n",
            "dependencies:\n  - python=3.8.5\n  - pytorch=1.11.0=py3.8_cuda11.3\n",
            "  - pip:\n    - -e git+https://host.example/a.git@main#egg=a\n",
            "  - conda-forge::opencv>=4,<5\n",
            "  - numpy[version='1.19|1.20']\n",
            "  - cudatoolkit=11.3\n",
            "variables:\n  A: \"b\"\n",
            "&a ",
            "*a",
            "!!binary ",
            "? ",
            "|\n  text\n",
            "\"\\u000a\"",
            "- [[[",
            "{a: b}",
            "--- \n",
            "%YAML 1.1\n",
        ];

    // The tree is made of the parser's own events, each an object.
    public override long AllocationLimit => 64L << 20;

    public override object? Parse(byte[] input)
    {
        _ = YamlDocument.Parse(input, "environment.yml");
        var environment = CondaEnvironment.Parse(input, "environment.yml");
        var read = environment
            .Dependencies.Select(line =>
                CondaSpec.TryParse(line.Text, out var one) ? (one.ToString(), one.PythonVersions(), one.Number) : default
            )
            .ToList();
        return (read, ImportedRecipe.Of(input, "environment.yml", CondaImport.Add, Require));
    }
}
