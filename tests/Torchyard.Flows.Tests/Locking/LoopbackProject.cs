using Torchyard.Flows.Hosts;
using Torchyard.Flows.Tests.Hosts;
using Torchyard.Testing.Loopback;

namespace Torchyard.Flows.Tests.Locking;

/// <summary>A project whose recipe takes its packages from a signed archive on loopback.</summary>
internal sealed class LoopbackProject : IDisposable
{
    public LoopbackProject()
    {
        Archive = new TestArchive(archive =>
        {
            archive.Add("base", "1", "Essential: yes\nDepends: libbase");
            archive.Add("libbase", "2");
            archive.Add("tool", "1");
            archive.Add("other", "1");
        });
        Test.Write("key.asc", Archive.Key.Armoured);
        WriteRecipe("tool");
    }

    public TestHost Test { get; } = new(TestArchive.Date.AddHours(1));

    public Host Host => Test.Host;

    public TestArchive Archive { get; }

    public string LockFile => Test.PathOf("torchyard.lock");

    /// <summary>Writes the recipe.</summary>
    public void WriteRecipe(params string[] packages) =>
        Test.Write(
            "torchyard.toml",
            $"""
            name = "work"
            packages = [{string.Join(", ", packages.Select(package => $"\"{package}\""))}]
            [base]
            suite = "{TestArchive.Suite}"
            security = false
            mirrors = ["{Archive.Server.Root.AbsoluteUri}"]
            keyrings = ["key.asc"]
            """
        );

    public void Dispose()
    {
        Archive.Dispose();
        Test.Dispose();
    }
}
