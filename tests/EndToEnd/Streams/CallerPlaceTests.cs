using System.Globalization;

namespace Torchyard.EndToEnd.Streams;

/// <summary>Where a caller stands, and with what umask, changes nothing; and a start that fails leaves nothing behind.</summary>
[Collection(SmallContainerTests.Name)]
public sealed class CallerPlaceTests(SmallContainer small)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("077")]
    [InlineData("027")]
    [InlineData("000")]
    public async Task The_umask_does_not_matter(string umask)
    {
        var run = await small.ScriptAsync(
            $"umask {umask}; ty run --rm -v made-{umask}:/v $SMALL sh -c 'stat -c %a / /etc/hosts /run/torchyard; umask; ls / > "
                + "/dev/null && echo listed'; "
                + "find $TORCHYARD_STORE/containers $TORCHYARD_STORE/volumes -maxdepth 1 -perm /022 ! -type l",
            small.NewDirectory(),
            Cancellation
        );

        Assert.Equal("755\n644\n755\n0022\nlisted\n", run.Succeeded().Output);
    }

    [Theory]
    [InlineData("ps -a", 0)]
    [InlineData("images", 0)]
    [InlineData("version", 0)]
    [InlineData("--help", 0)]
    [InlineData("check", 0)]
    [InlineData("run --rm -v /usr/share:/seen $SMALL ls /seen", 0)]
    [InlineData("exec $KEPT pwd", 0)]
    [InlineData("init minimal", 2)]
    [InlineData("build", 2)]
    [InlineData("lock", 2)]
    [InlineData("up", 2)]
    [InlineData("down", 2)]
    [InlineData("ssh", 2)]
    [InlineData("run --rm -v .:/here $SMALL ls", 125)]
    [InlineData("--store somewhere ps", 2)]
    public async Task A_deleted_directory_stops_only_what_needs_it(string command, int status)
    {
        var run = await small.ScriptAsync($"mkdir gone; cd gone; rmdir ../gone; ty {command}", small.NewDirectory(), Cancellation);

        Assert.Equal(
            status != 0,
            run.Ended(status).Error.Contains("TY9031: the working directory cannot be used: it was deleted", StringComparison.Ordinal)
        );
    }

    [Fact]
    public async Task A_name_that_is_not_utf8_never_is_another_one()
    {
        var directory = small.NewDirectory();
        var run = await small.ScriptAsync(
            """
            mkdir $'r-\xe9'; mkdir ok
            (cd $'r-\xe9' && ty init minimal); echo $?
            ty run --rm -v $PWD/$'r-\xe9':/m $SMALL ls /m; echo $?
            (cd $'r-\xe9' && ty run --rm $SMALL echo fine); echo $?
            TORCHYARD_STORE=$PWD/$'s-\xe9' ty ps; echo $?
            ty run --rm $SMALL echo $'\ufffd'; echo $?
            ls | wc -l
            """,
            directory,
            Cancellation
        );

        Assert.Equal("2\n125\nfine\n0\n2\n\ufffd\n0\n2\n", run.Output);
        Assert.Contains("TY9031", run.Error, StringComparison.Ordinal);
        Assert.Contains("TY9032", run.Error, StringComparison.Ordinal);
        Assert.Contains("TY9030", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_store_may_lie_at_an_odd_path()
    {
        var directory = small.NewDirectory();
        var run = await small.ScriptAsync(
            """
            odd="$PWD/a:b, c=d\"'e\\f%s"; mkdir "$odd"; cp -a "$TORCHYARD_STORE/packages" "$TORCHYARD_STORE/indexes" "$odd"
            mkdir p; cd p; ty init minimal > /dev/null
            TORCHYARD_STORE=$odd ty build > /dev/null && TORCHYARD_STORE=$odd ty run --rm p echo works
            TORCHYARD_STORE=$'/tmp/new\nline' ty ps
            """,
            directory,
            Cancellation
        );

        Assert.Contains("works\n", run.Output, StringComparison.Ordinal);
        Assert.Contains("TY9030", run.Ended(2).Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("-p 18084:80 -p 18084:81", "TY4087")]
    [InlineData("-p 127.0.0.1:18084:80 -p 0.0.0.0:18084:81", "TY4087")]
    [InlineData("-v /usr:/m -v /var:/m/", "TY4088")]
    [InlineData("-v /usr:/m --tmpfs /m", "TY4088")]
    [InlineData("-v /usr:/proc", "TY4089")]
    [InlineData("-v /usr:/proc/sys", "TY4089")]
    [InlineData("-v /usr:/dev", "TY4089")]
    public async Task What_contradicts_itself_is_refused_before_anything_is_made(string options, string code)
    {
        var before = await TracesAsync();
        var run = await small.ScriptAsync($"ty run {options} $SMALL true", small.NewDirectory(), Cancellation);

        Assert.Contains(code, run.Ended(125).Error, StringComparison.Ordinal);
        Assert.Equal(before, await TracesAsync());
    }

    [Theory]
    [InlineData("run --entrypoint nothing-here $SMALL", 127)]
    [InlineData("run -t --entrypoint nothing-here $SMALL", 127)]
    [InlineData("run -d --entrypoint nothing-here $SMALL", 127)]
    [InlineData("run --rm --entrypoint /etc/passwd $SMALL", 126)]
    [InlineData("run --rm -p 127.0.0.1:$HELD:80 $SMALL true", 125)]
    [InlineData("run -d -w /etc/passwd $SMALL true", 125)]
    public async Task A_failed_start_leaves_nothing_behind(string command, int status)
    {
        using var held = new System.Net.Sockets.TcpListener(System.Net.IPAddress.Loopback, 0);
        held.Start();
        var port = ((System.Net.IPEndPoint)held.LocalEndpoint).Port.ToString(CultureInfo.InvariantCulture);
        var before = await TracesAsync();

        (await small.ScriptAsync($"HELD={port}; ty {command}", small.NewDirectory(), Cancellation)).Ended(status);

        Assert.Equal(before, await TracesAsync());
    }

    /// <summary>What a container of this store has of the machine: directories, mounts, processes.</summary>
    private async Task<string> TracesAsync() =>
        (
            await small.ScriptAsync(
                "ls -a $TORCHYARD_STORE/containers; grep -c \"$TORCHYARD_STORE\" /proc/self/mountinfo; pgrep -f -c -- "
                    + "\"(crun|runc|__monitor).*$TORCHYARD_STORE\"; true",
                "/",
                Cancellation
            )
        ).Output;
}
