using Torchyard.Images.Capture.Host;
using Torchyard.Images.Capture.Python;

namespace Torchyard.Fuzz.Targets.Images;

/// <summary>The same bytes as every file that says what is installed in a captured environment.</summary>
internal sealed class CapturedPythonTarget : FuzzTarget
{
    public override string Name => "captured-python";

    public override string Input => "METADATA, RECORD, direct_url.json and conda-meta of a captured environment";

    public override IReadOnlyList<string> Words =>
        [
            "Name: a\n",
            "Version: 1\n",
            "Requires-Dist: b; extra == 'c'\n",
            "{\"name\":\"a\",\"version\":\"1\",\"files\":[\"lib/a\"],\"depends\":[\"b >=1\"]}",
            "\"url\":\"file:///src\"",
            "\"dir_info\":{\"editable\":true}",
            "a/__init__.py,sha256=x,10\n",
            "../../../bin/a,,\n",
        ];

    public override object? Parse(byte[] input)
    {
        var root = InputFile.EmptyDirectory();
        foreach (
            var name in new[]
            {
                "site/a-1.dist-info/METADATA",
                "site/a-1.dist-info/RECORD",
                "site/a-1.dist-info/direct_url.json",
                "site/b.egg-info",
                "conda-meta/a.json",
            }
        )
        {
            var path = Path.Combine(root, name);
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllBytes(path, input);
        }

        var reader = new DistributionReader(new HostTree(root));
        return (reader.ReadSite("/site"), reader.ReadConda("/"));
    }
}
