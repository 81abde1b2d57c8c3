using Torchyard.EndToEnd.Program;
using Torchyard.EndToEnd.Streams;

namespace Torchyard.EndToEnd.Attacks;

/// <summary>
/// Another user's environment tries to get root's files into an image, whose blobs are for everybody, when root captures it.
/// </summary>
[Collection(SmallContainerTests.Name)]
public sealed class CaptureByRootTests(SmallContainer small)
{
    private const string Python = "/usr/bin/python3";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("echo \"$PWD/secrets\" > $SITE/x.pth")]
    [InlineData(
        "mkdir $SITE/e-1.dist-info; printf 'Metadata-Version: 2.1\\nName: e\\nVersion: 1\\n' > $SITE/e-1.dist-info/METADATA; "
            + "printf '{\"dir_info\": {\"editable\": true}, \"url\": \"file://%s/secrets\"}' \"$PWD\" > "
            + "$SITE/e-1.dist-info/direct_url.json; : > $SITE/e-1.dist-info/RECORD"
    )]
    public async Task What_its_owner_may_not_read_is_not_taken(string plant)
    {
        Requires.Root("needs root");
        Assert.SkipUnless(File.Exists(Python), $"needs {Python}");
        var run = await small.ScriptAsync(Captured(plant), small.NewDirectory(), Cancellation);

        Assert.Contains("TY3076", run.Ended(1).Error, StringComparison.Ordinal);
        Assert.Contains("/secrets/key.py", run.Error, StringComparison.Ordinal);
        Assert.Equal("", run.Output);
    }

    [Fact]
    public async Task The_first_line_of_a_script_takes_nothing_of_root_s()
    {
        Requires.Root("needs root");
        Assert.SkipUnless(File.Exists(Python), $"needs {Python}");
        var run = await small.ScriptAsync(
            Captured("printf '#!%s/secrets/key.py\\n' \"$PWD\" > env/bin/tool; chmod 755 env/bin/tool"),
            small.NewDirectory(),
            Cancellation
        );

        // Refused or left out.
        Assert.DoesNotMatch("/(layers|blobs)/", run.Output);
    }

    [Fact]
    public async Task An_interpreter_that_its_owner_may_change_is_not_run_and_the_message_tells_the_way()
    {
        Requires.Root("needs root");
        var run = await small.ScriptAsync(
            """
            version=3.11; mkdir -p env/bin env/lib/python$version/site-packages
            printf '#!/bin/sh\ntouch "%s/ran"\nsleep 1000\n' "$PWD" > env/bin/python3; chmod 755 env/bin/python3
            printf 'home = %s/env/bin\ninclude-system-site-packages = false\nversion = %s\n' "$PWD" $version > env/pyvenv.cfg
            echo 'x = 1' > env/lib/python$version/site-packages/x.py
            chown -R 65533:65533 env
            timeout 120 "$PROGRAM" capture env --name stolen; status=$?
            [ -e ran ] && echo "it ran"
            exit $status
            """,
            small.NewDirectory(),
            Cancellation,
            ("PROGRAM", TestStore.Program)
        );

        Assert.Contains("TY9020", run.Ended(1).Error, StringComparison.Ordinal);
        Assert.Contains("--no-bytecode", run.Error, StringComparison.Ordinal);
        Assert.Equal("", run.Output);
    }

    /// <summary>An environment of another user with a plant in it, captured by root; prints the blobs that hold the secret.</summary>
    private static string Captured(string plant) =>
        """
            mkdir -m 700 secrets && echo 'KEY = "7c1d of root"' > secrets/key.py && chmod 600 secrets/key.py
            version=$(/usr/bin/python3 -c 'import sys; print("%d.%d" % sys.version_info[:2])')
            SITE=env/lib/python$version/site-packages; mkdir -p env/bin $SITE; ln -s /usr/bin/python3 env/bin/python3
            printf 'home = /usr/bin\ninclude-system-site-packages = false\nversion = %s\n' $version > env/pyvenv.cfg

            """
        + plant
        + """

            chown -R 65533:65533 env
            ty capture env --no-bytecode --name stolen
            status=$?
            grep -rlaF "7c1d of root" "$TORCHYARD_STORE/oci/blobs" "$TORCHYARD_STORE/layers"
            exit $status
            """;
}
