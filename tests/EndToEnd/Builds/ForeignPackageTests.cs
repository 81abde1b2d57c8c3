using System.Text;
using Torchyard.EndToEnd.Program;
using Torchyard.Testing.Loopback;

namespace Torchyard.EndToEnd.Builds;

/// <summary>
/// A package file made by dpkg-deb and a package of an archive beside Debian's, in an image of the preset <c>minimal</c>.
/// </summary>
public sealed class ForeignPackageTests
{
    private const string Control =
        "Package: mytool\nVersion: 1.2\nArchitecture: amd64\nMaintainer: T <t@example.org>\n"
        + "Depends: bash, example-lib\nDescription: mine\n";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task They_are_installed_as_dpkg_installs_packages_and_a_changed_file_is_told()
    {
        await using var store = await TestStore.RequireAsync(Cancellation);
        var project = store.NewProject("foreign");
        var file = await MakeAsync(project, "echo one", Control);
        using var vendor = new TestArchive(archive => archive.Add("never", "1"))
        {
            Key = new TestKey(TestArchive.Date.UtcDateTime.AddYears(-1)),
            MoreRelease = "",
        };
        vendor.AddFile(
            "example-lib",
            "3",
            "all",
            await File.ReadAllBytesAsync(
                await MakeAsync(
                    store.NewProject("vendor"),
                    "echo lib",
                    "Package: example-lib\nVersion: 3\nArchitecture: all\nMaintainer: V <v@example.org>\nDescription: theirs\n"
                ),
                Cancellation
            )
        );
        // Debian's bash must stay Debian's.
        vendor.Add("bash", "999");
        vendor.Publish();
        await File.WriteAllTextAsync(Path.Combine(project, "vendor.asc"), vendor.Key.Armoured, Cancellation);
        (await store.RunAsync(project, ["init", "minimal"], Cancellation)).Succeeded();
        var recipe = Path.Combine(project, "torchyard.toml");
        await File.AppendAllTextAsync(
            recipe,
            $"\n[[archives]]\nurl = \"{vendor.Server.Root.AbsoluteUri}\"\nsuite = \"{TestArchive.Suite}\"\nkey = \"./vendor.asc\"\n",
            Cancellation
        );

        var added = await store.RunAsync(project, ["add", "--trust", file], Cancellation);
        Assert.Contains("\"./mytool.deb\"", added.Succeeded().Output, StringComparison.Ordinal);
        (await store.RunAsync(project, ["trust", "."], Cancellation)).Succeeded();
        await store.BuildAsync(project, Cancellation);
        var inside = await store.RunAsync(
            project,
            [
                "run",
                "--rm",
                "foreign",
                "sh",
                "-c",
                "mytool; example-lib; dpkg-query -W -f '${Package} ${Version} ${Status}\\n' mytool example-lib; dpkg --verify; "
                    + "dpkg-query -W -f '${Conffiles}\\n' mytool; cat /var/lib/mytool.configured; "
                    + "cat /etc/apt/sources.list.d/debian.sources; stat -c %a /usr/bin/mytool",
            ],
            Cancellation
        );

        var lines = inside.Succeeded().Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(["one", "lib", "example-lib 3 install ok installed", "mytool 1.2 install ok installed"], lines[..4]);
        Assert.Matches(@"\A /etc/mytool\.conf [0-9a-f]{32}\z", lines[4]);
        Assert.Equal("configured", lines[5]);
        Assert.DoesNotContain(vendor.Server.Root.Authority, inside.Output, StringComparison.Ordinal);
        Assert.Equal("755", lines[^1]);
        var histories = Histories(store);
        Assert.Contains("mytool=1.2 (./mytool.deb)", histories, StringComparison.Ordinal);
        Assert.Contains($"example-lib=3 ({vendor.Server.Root.Authority}/unit)", histories, StringComparison.Ordinal);
        var why = await store.RunAsync(project, ["why", "mytool"], Cancellation);
        Assert.Contains("./mytool.deb", why.Succeeded().Output, StringComparison.Ordinal);

        await MakeAsync(project, "echo two", Control);
        var refused = await store.RunAsync(project, ["build", "--locked"], Cancellation);
        Assert.Equal(2, refused.ExitCode);
        Assert.Contains("TY1023", refused.Error, StringComparison.Ordinal);
        await store.BuildAsync(project, Cancellation);
        var again = await store.RunAsync(project, ["run", "--rm", "foreign", "mytool"], Cancellation);
        Assert.Equal("two\n", again.Succeeded().Output);
    }

    /// <summary>What the configurations of the store's images say of their layers.</summary>
    private static string Histories(TestStore store) =>
        string.Concat(
            Directory
                .EnumerateFiles(Path.Combine(store.Store, "oci/blobs/sha256"))
                .Where(blob => new FileInfo(blob).Length < 1 << 18)
                .Select(File.ReadAllText)
                .Where(text => text.Contains("\"history\"", StringComparison.Ordinal))
        );

    /// <summary>Makes NAME.deb with a program, a configuration file and a script that runs when it is configured.</summary>
    private static async Task<string> MakeAsync(string directory, string program, string control)
    {
        var dpkg = HostProgram.Require("dpkg-deb");
        var name = control.Split('\n')[0]["Package: ".Length..];
        var root = Path.Combine(directory, "tree");
        Write("DEBIAN/control", control, executable: false);
        Write("DEBIAN/conffiles", $"/etc/{name}.conf\n", executable: false);
        Write("DEBIAN/postinst", $"#!/bin/sh\nset -e\necho configured > /var/lib/{name}.configured\n", executable: true);
        Write($"usr/bin/{name}", $"#!/bin/sh\n{program}\n", executable: true);
        Write($"etc/{name}.conf", "setting = 1\n", executable: false);
        var file = Path.Combine(directory, name + ".deb");
        (await HostProgram.RunAsync(dpkg, ["--root-owner-group", "--build", root, file], Cancellation)).Succeeded();
        Directory.Delete(root, recursive: true);
        return file;

        void Write(string path, string text, bool executable)
        {
            var full = Path.Combine(root, path);
            Directory.CreateDirectory(Path.GetDirectoryName(full)!);
            File.WriteAllText(full, text, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false));
            File.SetUnixFileMode(full, (UnixFileMode)(executable ? 0b111_101_101 : 0b110_100_100));
        }
    }
}
