# %% [markdown] lang="en"
# # Exercises 09: sound and video
#
# Three functions behind lesson 09: which frames of a video to look at, a sound as a picture, and from many vectors in time
# to one. **Time**: 50 minutes, in any number of sittings. **Before**: lesson `09_sound_and_video`; numpy's
# `searchsorted`, torch's `stft` and `masked_fill`.
#
# Write your answer in place of `...`, run the cell, then run the check below it. A check calls your function on fresh
# random inputs. Where an answer is wrong it names the rule that does not hold, and the smallest input that shows it.
# Stuck? Open a new cell and type `hint("sample_frames")`. There are three hints an exercise, one more with each call.
#
# Every function returns new objects and leaves its arguments as they are. No file is read: the inputs are small arrays.
# %% [markdown] lang="zh"
# # 练习 09：声音与视频
#
# 第 09 课背后的三个函数：视频里该看哪几帧、把声音变成图片、把时间上的多个向量合成一个。
# **用时**：50 分钟，可以分几次做。**基础**：第 09 课 `09_sound_and_video`；会用 numpy 的 `searchsorted`、
# torch 的 `stft` 和 `masked_fill`。
#
# 把 `...` 换成你的答案，运行这个单元，再运行下面的检查。检查会用新生成的随机输入调用你的函数；
# 答案不对时，会告诉你哪条规则不满足，并给出能说明问题的最小输入。
# 卡住了就新建一个单元，输入 `hint("sample_frames")`：每题有三级提示，每调用一次多给一级。
#
# 所有函数都返回新对象，不修改传入的参数。不读任何文件：输入都是小数组。
# %%
import numpy as np
import torch

from recsys_lessons.practice import check, hint, progress  # noqa: F401


# %% [markdown] lang="en"
# ## 1. `sample_frames`
#
# **The interview question.** *A video has thousands of frames and you can afford eight. Which ones do you take, and what
# goes wrong with every hundredth frame?*
#
# ```python
# def sample_frames(times, end, n): ...   # -> np.ndarray
# ```
#
# - `times`: `(m,)` floats, ascending: the second at which each frame begins to be shown. It stays until the next begins.
#   The first need not begin at 0, and the rate may vary. `end`: the second at which the last frame ends. `n`: 1 or more.
# - Returns `(n,)`, int64: the running time from `times[0]` to `end` is cut into n equal parts, and for the moment in the
#   middle of each, the row of the frame that is shown then. A frame that begins at that very moment is shown already.
# - There are n rows always, also where m is smaller than n: a frame may be taken more than once.
#
# **Example.** `times = [0, 1, 2]`, `end = 10`, `n = 2`. The parts are 0 to 5 and 5 to 10, their middles 2.5 and 7.5. At
# both the last frame is shown: the answer is `[2, 2]`.
# %% [markdown] lang="zh"
# ## 1. `sample_frames`
#
# **面试题**：*一段视频有几千帧，你只能处理八帧。取哪几帧？“每隔一百帧取一帧”会出什么问题？*
#
# ```python
# def sample_frames(times, end, n): ...   # -> np.ndarray
# ```
#
# - `times`：形状 `(m,)` 的浮点数，升序：每一帧从第几秒开始显示，一直到下一帧开始。第一帧不一定从 0 开始，帧率可以变化。
#   `end`：最后一帧在第几秒结束。`n`：至少为 1。
# - 返回：形状 `(n,)` 的 int64 数组。把 `times[0]` 到 `end` 的时间切成 n 等份，取每一份正中间的时刻，
#   返回那一刻正在显示的帧的行号。恰好在这一刻开始的帧已经显示出来了。
# - 总是返回 n 个行号，m 小于 n 时也一样：同一帧可以被选中多次。
#
# **例子**：`times = [0, 1, 2]`，`end = 10`，`n = 2`。两份是 0 到 5 和 5 到 10，中点是 2.5 和 7.5。
# 这两个时刻显示的都是最后一帧，答案是 `[2, 2]`。
# %%
def sample_frames(times, end, n):
    ### BEGIN SOLUTION
    moments = times[0] + (np.arange(n) + 0.5) / n * (end - times[0])
    return np.searchsorted(times, moments, side="right") - 1
    ### END SOLUTION


# %%
check("sample_frames")
# %% [markdown] lang="en" tags=["solution"]
# Telephones and screen recordings vary their rate: ten minutes of one slide are few frames. Shared out by number, a lively
# half minute would fill all eight places. Repeats are wanted: a mean over the eight is then a mean over time.
# `sample_frames` of the course does the same with a file, and seeks instead of decoding all of it.
# %% [markdown] lang="zh" tags=["solution"]
# 手机视频和录屏的帧率会变化：同一页幻灯片停十分钟，只有很少几帧。按编号均分，热闹的半分钟就会占满八个位置。
# 重复是有意的：这样八帧的平均就是时间上的平均。课程里的 `sample_frames` 对文件做同样的事，用跳转代替完整解码。
# %% tags=["solution"]
from recsys_lessons.encoders import video

frames = np.zeros((30, 2, 2, 3), dtype=np.uint8) + np.arange(30, dtype=np.uint8)[:, None, None, None]
for n in (1, 4, 8, 40):
    course = video.sample_frames(frames, n)[:, 0, 0, 0]  # each picture shows its own number
    assert (sample_frames(np.arange(30.0), 30.0, n) == course).all()

slides = np.array([0.0, 60.0, 600.0, 600.1, 600.2])  # two long slides, then a click through the rest
assert sample_frames(slides, 610.0, 4).tolist() == [1, 1, 1, 1]


# %% [markdown] lang="en"
# ## 2. `log_mel`
#
# **The interview question.** *How do you hand a sound to a network that was trained on pictures? Say what each step is
# for: window, power, mel filters, logarithm, floor.*
#
# ```python
# def log_mel(waveform, filters, window, hop): ...   # -> torch.Tensor
# ```
#
# - `waveform`: `(samples,)`, float32, full scale is -1 to 1. `filters`: `(n_mels, n_fft // 2 + 1)`, one row a band, what
#   each frequency counts in it; n_fft is even. `window`: samples that a frame looks at, at most n_fft. `hop`: samples
#   from one frame to the next.
# - Returns `(n_mels, 1 + samples // hop)`, float32, in decibels: 10 log10 max(1e-10, sum over f of filters[m, f]
#   |X[f, t]|²).
# - X is `torch.stft` of the waveform with n_fft and `torch.hann_window(window)`, the waveform multiplied by 2 / (sum of
#   the window) first, so that a sine at full scale has 0 dB at its frequency. Frame t is centred on sample t x hop, and
#   beyond both ends of the waveform there is silence.
#
# **Example.** `waveform = [1, 0]`, `filters = [[1, 0]]`, `window = 2`, `hop = 1`: n_fft is 2. A Hann window of two samples
# is `[0, 1]`, so that each frame sees one sample, times 2 / 1. The three frames have the powers 4, 0 and 0, the last of
# them beyond the end: the answer is `[[6.02, -100, -100]]`.
# %% [markdown] lang="zh"
# ## 2. `log_mel`
#
# **面试题**：*怎样把一段声音交给在图片上训练的网络？说说每一步的用处：加窗、功率、梅尔滤波器、取对数、下限。*
#
# ```python
# def log_mel(waveform, filters, window, hop): ...   # -> torch.Tensor
# ```
#
# - `waveform`：形状 `(samples,)` 的 float32 张量，满幅是 -1 到 1。`filters`：形状 `(n_mels, n_fft // 2 + 1)`，
#   每行一个频带，写着每个频率在其中的权重；n_fft 是偶数。`window`：一帧看多少个采样点，不超过 n_fft。
#   `hop`：相邻两帧相隔多少个采样点。
# - 返回：形状 `(n_mels, 1 + samples // hop)` 的 float32 张量，单位是分贝：
#   10 log10 max(1e-10, Σ_f filters[m, f] |X[f, t]|²)。
# - X 是波形的 `torch.stft`，用 n_fft 和 `torch.hann_window(window)`；波形先乘以 2 / 窗的总和，这样满幅正弦在它的频率处是 0 dB。
#   第 t 帧以第 t x hop 个采样点为中心，波形两端之外是静音。
#
# **例子**：`waveform = [1, 0]`，`filters = [[1, 0]]`，`window = 2`，`hop = 1`，于是 n_fft 是 2。
# 长度为 2 的 Hann 窗是 `[0, 1]`，每一帧只看到一个采样点，乘以 2 / 1。三帧的功率是 4、0、0，最后一帧已在末端之外：
# 答案是 `[[6.02, -100, -100]]`。
# %%
def log_mel(waveform, filters, window, hop):
    ### BEGIN SOLUTION
    hann = torch.hann_window(window)
    scaled = waveform * 2 / hann.sum()
    n_fft = 2 * (filters.shape[1] - 1)
    spectrum = torch.stft(scaled, n_fft, hop, window, hann, pad_mode="constant", return_complex=True)
    return 10 * torch.log10((filters @ spectrum.abs() ** 2).clamp(min=1e-10))
    ### END SOLUTION


# %%
check("log_mel")
# %% [markdown] lang="en" tags=["solution"]
# The window keeps the edges of a frame from sounding like clicks, the filters are narrow where the ear tells pitches apart
# and wide where it does not, the logarithm turns a product of loudness into a sum, and the floor keeps silence finite.
# What comes out is a picture: pitch upwards, time to the right, and a network for pictures takes it.
# %% [markdown] lang="zh" tags=["solution"]
# 加窗让一帧的边缘听起来不像爆音；滤波器在耳朵能分辨音高的地方窄，分辨不了的地方宽；
# 取对数把响度的乘积变成和；下限让静音保持有限。结果就是一张图片：纵轴是音高，横轴是时间，图像网络可以直接读。
# %% tags=["solution"]
from recsys_lessons.encoders import audio

rate, n_mels = 16_000, 64
seconds = torch.arange(rate) / rate
noise = torch.randn(rate, generator=torch.Generator().manual_seed(0))
tone = torch.sin(2 * torch.pi * 1_000 * seconds) + 0.01 * noise
mine = log_mel(tone, audio.mel_filters(n_mels, 1024, rate), window=400, hop=160)
assert torch.allclose(mine, audio.log_mel(tone, rate, n_mels=n_mels), atol=1e-2)
mine.shape


# %% [markdown] lang="en"
# ## 3. `pool_over_time`
#
# **The interview question.** *You have a vector for each frame of each video. How do you get one vector a video, what does
# the mean lose, and what do you return for a video that could not be read?*
#
# ```python
# def pool_over_time(frames, mask, how): ...   # -> (torch.Tensor, torch.Tensor)
# ```
#
# - `frames`: `(n, t, dim)`, float32: of n videos up to t frames each. `mask`: `(n, t)`, bool, True where there is a frame;
#   holes may be anywhere. What stands in `frames` elsewhere is padding: any number, also NaN.
# - `how`: `"mean"`; `"max"`; or `"mean+std"`, the means followed by the standard deviations over time (the one that
#   divides by the number of frames), which show how much the frames differ.
# - Returns a tuple: the vectors, `(n, dim)`, or `(n, 2 dim)` for `"mean+std"`, float32; and `(n,)`, bool, True where a
#   video has a frame at all. The row of a video without a frame is NaN.
#
# **Example.** `frames = [[[1], [3], [9]]]`, `mask = [[True, True, False]]`: the mean is `[[2]]`, the maximum `[[3]]`,
# `"mean+std"` gives `[[2, 1]]`, each with `[True]`.
# %% [markdown] lang="zh"
# ## 3. `pool_over_time`
#
# **面试题**：*每个视频的每一帧都有一个向量。怎样得到一个视频向量？平均会丢掉什么？读不出来的视频应该返回什么？*
#
# ```python
# def pool_over_time(frames, mask, how): ...   # -> (torch.Tensor, torch.Tensor)
# ```
#
# - `frames`：形状 `(n, t, dim)` 的 float32 张量：n 个视频，每个最多 t 帧。`mask`：形状 `(n, t)` 的布尔张量，
#   有帧的位置为 True；空洞可以在任何位置。其余位置是填充，可以是任何数，包括 NaN。
# - `how`：`"mean"`；`"max"`；或 `"mean+std"`，先放均值，再放时间上的标准差(除以帧数的那种)，它反映各帧相差多少。
# - 返回元组：向量，形状 `(n, dim)`，`"mean+std"` 时是 `(n, 2 dim)`，float32；以及形状 `(n,)` 的布尔张量，
#   至少有一帧的视频为 True。一帧都没有的视频，那一行为 NaN。
#
# **例子**：`frames = [[[1], [3], [9]]]`，`mask = [[True, True, False]]`：均值是 `[[2]]`，最大值是 `[[3]]`，
# `"mean+std"` 得到 `[[2, 1]]`，都带着 `[True]`。
# %%
def pool_over_time(frames, mask, how):
    ### BEGIN SOLUTION
    padding, present = ~mask[:, :, None], mask.any(dim=1)
    if how == "max":
        largest = frames.masked_fill(padding, -torch.inf).amax(dim=1)
        return largest.masked_fill(~present[:, None], torch.nan), present
    count = mask.sum(dim=1, keepdim=True)
    mean = frames.masked_fill(padding, 0.0).sum(dim=1) / count  # 0 / 0 is NaN where there is no frame
    if how == "mean":
        return mean, present
    squares = ((frames - mean[:, None]) ** 2).masked_fill(padding, 0.0)
    return torch.cat([mean, (squares.sum(dim=1) / count).sqrt()], dim=1), present
    ### END SOLUTION


# %%
check("pool_over_time")
# %% [markdown] lang="en" tags=["solution"]
# A mean forgets the order and the motion: a clip played backwards has the same one, and a still picture may. The deviation
# tells motion from rest, and still not forwards from backwards. NaN for a video that could not be read is on purpose: what
# forgets the mask fails at once, where zeros would be somewhere in the middle of the catalogue and be recommended.
# %% [markdown] lang="zh" tags=["solution"]
# 平均会丢掉顺序和运动：倒放的视频均值完全相同，静止的画面也可能相同。标准差能区分动和静，但仍分不出正放和倒放。
# 读不出来的视频用 NaN 是有意的：忘了 mask 的代码会立刻出错；如果用 0，它就落在物品库的中间某处，还会被推荐出去。
# %% tags=["solution"]
from recsys_lessons.encoders.base import Masked

vectors = torch.randn(3, 8, 16, generator=torch.Generator().manual_seed(0))
there = torch.tensor([8, 5, 0])[:, None] > torch.arange(8)  # whole, short, and unreadable
pooled = Masked(*pool_over_time(vectors, there, "mean+std"))
course = video.pool_over_time(vectors, "mean+std", there)
assert torch.allclose(pooled.vectors, course, atol=1e-6, equal_nan=True)
assert pooled.mask.tolist() == [True, True, False] and pooled.vectors[2].isnan().all()

backwards = pool_over_time(vectors.flip(1), there.flip(1), "mean+std")[0]
assert torch.allclose(backwards[:2], pooled.vectors[:2], atol=1e-6)  # order is lost
# %% [markdown] lang="en"
# ## Afterwards
#
# `progress()` shows what is passed. In a terminal, `recsys-lessons check exercises/09_sound_and_video.ipynb` checks this
# notebook in a process of its own. A worked answer to each exercise is in `solutions/09_sound_and_video.ipynb`.
#
# **To say it aloud.** Frames are taken uniform in time, in the middle of equal parts, by what is shown then. A sound becomes
# a picture: windows, the power of each frequency, bands of the ear's width, decibels with a floor. Many vectors become one
# by a mean over what is really there, with a deviation beside it where motion matters; what could not be read is missing,
# and says so.
# %% [markdown] lang="zh"
# ## 做完之后
#
# `progress()` 显示哪些已经通过。在终端里运行 `recsys-lessons check exercises/zh/09_sound_and_video.ipynb`，
# 会在单独的进程里检查这本 notebook。每题的参考答案在 `solutions/zh/09_sound_and_video.ipynb`。
#
# **试着说出来**：按时间均匀取帧，取每一等份正中间正在显示的那一帧。声音变成图片：加窗，各频率的功率，
# 按耳朵的宽度划分频带，带下限的分贝。多个向量合成一个，只对真实存在的部分取平均，需要看运动时再加上标准差；
# 读不出来的就是缺失，并且明确标出来。
