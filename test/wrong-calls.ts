/** @file Wrong calls of `sodp`: typing mistakes, wrong types, missing files, wrong formats, sizes beyond all memory. */

/**
 * Words of wrong calls by line. In them TOP is an empty folder, and of this repository: DATA a data set, PLANNER a planner's
 * folder, RUN a run, H5 and NPZ other programs' data, LEROBOT a LeRobot set, TEXT a file of text.
 */
const calls = `
pretrian
pretrain
pretrain --dataset.root DATA --output_dir RUN
pretrain --dataset.root TOP/none --output_dir TOP/a
pretrain --dataset.root TEXT --output_dir TOP/a
pretrain --dataset.root H5 --output_dir TOP/a
pretrain --dataset.root TOP --output_dir TOP/a
pretrain --dataset.root RUN --output_dir TOP/a
pretrain --dataset.root DATA --output_dir TEXT
pretrain --dataset.root DATA --output_dir RUN
pretrain --dataset.root DATA --output_dir /dev/null/nowhere
pretrain --dataset.root DATA --output_dir /proc/none/below
pretrain --dataset.root DATA --output_dir TOP/a --steps ten
pretrain --dataset.root DATA --output_dir TOP/a --steps 0
pretrain --dataset.root DATA --output_dir TOP/a --steps -5
pretrain --dataset.root DATA --output_dir TOP/a --steps 1.5
pretrain --dataset.root DATA --output_dir TOP/a --steps 1e400
pretrain --dataset.root DATA --output_dir TOP/a --batch_size 1e12
pretrain --dataset.root DATA --output_dir TOP/a --batch_size []
pretrain --dataset.root DATA --output_dir TOP/a --learning_rate fast
pretrain --dataset.root DATA --output_dir TOP/a --learning_rate NaN
pretrain --dataset.root DATA --output_dir TOP/a --learnin_rate 0.1
pretrain --dataset.root DATA --output_dir TOP/a --threads 1e6
pretrain --dataset.root DATA --output_dir TOP/a --threads 0
pretrain --dataset.root DATA --output_dir TOP/a --seed -1
pretrain --dataset.root DATA --output_dir TOP/a --seed 1e30
pretrain --dataset.root DATA --output_dir TOP/a --preset nothing
pretrain --dataset.root DATA --output_dir TOP/a --planner.horizon 1e9
pretrain --dataset.root DATA --output_dir TOP/a --planner.horizon 10
pretrain --dataset.root DATA --output_dir TOP/a --planner.n_obs_steps 1e12
pretrain --dataset.root DATA --output_dir TOP/a --planner.n_action_steps 99
pretrain --dataset.root DATA --output_dir TOP/a --planner.num_train_timesteps 1e12
pretrain --dataset.root DATA --output_dir TOP/a --planner.denoiser.kind resnet
pretrain --dataset.root DATA --output_dir TOP/a --planner.denoiser.kind mlp --planner.denoiser.blocks 1000000
pretrain --dataset.root DATA --output_dir TOP/a --planner.denoiser.kind mlp --planner.denoiser.width 1e9
pretrain --dataset.root DATA --output_dir TOP/a --planner.denoiser.kind mlp --planner.denoiser.embedding_size 1e10
pretrain --dataset.root DATA --output_dir TOP/a --planner.denoiser.kind transformer --planner.denoiser.layers 1e7
pretrain --dataset.root DATA --output_dir TOP/a --planner.denoiser.kind transformer --planner.denoiser.heads 3
pretrain --dataset.root DATA --output_dir TOP/a --planner.denoiser.width 1e8
pretrain --dataset.root DATA --output_dir TOP/a --planner.denoiser.multiples 1,1e9
pretrain --dataset.root DATA --output_dir TOP/a --planner.encoders {state:{kind:mlp,size:1e11}}
pretrain --dataset.root DATA --output_dir TOP/a --planner.encoders [[[
pretrain --dataset.root DATA --output_dir TOP/a --planner.encoders {sight:{kind:mlp}}
pretrain --dataset.root DATA --output_dir TOP/a --env.task metaworld/drawer-opn
pretrain --dataset.root DATA --output_dir TOP/a --env.task mars/rover
pretrain --config_path TOP/none.yaml
pretrain --config_path TEXT
pretrain --config_path TOP
pretrain --config_path H5
pretrain --config_path DATA
pretrain --config_path RUN --resume=maybe
pretrain --config_path PLANNER --resume=true
pretrain --resume=true
pretrain --resume=true --config_path TOP/none
pretrain --resume=true --config_path RUN --steps 77
pretrain extra words --dataset.root DATA
train
train nothing
train mtbc --dataset.root DATA --output_dir TOP/a --hidden_sizes 1e9
train mtbc --dataset.root DATA --output_dir TOP/a --hidden_sizes 0
train mtbc --dataset.root DATA --output_dir TOP/a --hidden_sizes a,b
train mtbc --dataset.root DATA --output_dir TOP/a --batch_size 1e12
finetune
finetune --policy.path TOP/none --env.task toy/reach --output_dir TOP/a
finetune --policy.path TEXT --env.task toy/reach --output_dir TOP/a
finetune --policy.path DATA --env.task toy/reach --output_dir TOP/a
finetune --policy.path TOP --env.task toy/reach --output_dir TOP/a
finetune --policy.path PLANNER --env.task toy/rech --output_dir TOP/a
finetune --policy.path PLANNER --env.task metaworld/reach --output_dir TOP/a
finetune --policy.path PLANNER --env.task toy/reach --output_dir TOP/a --advantage.kind wild
finetune --policy.path PLANNER --env.task toy/reach --output_dir TOP/a --env.num_envs 1e9
finetune --policy.path PLANNER --env.task toy/reach --output_dir TOP/a --env.num_envs many
finetune --policy.path PLANNER --env.task toy/reach --output_dir TOP/a --ft_denoising_steps 99
train rlpd --env.task toy/reach --output_dir TOP/a
train rlpd --env.task toy/reach --output_dir TOP/a --dataset.root TEXT
train rlpd --env.task metaworld/push --output_dir TOP/a --dataset.root DATA
train rlpd --env.task toy/reach --output_dir TOP/a --dataset.root DATA --critics 1
train ibrl --env.task toy/reach --output_dir TOP/a --dataset.root DATA --policy.path PLANNER
sac --env.task toy/reach --output_dir TEXT
sac --env.task toy/nowhere --output_dir TOP/a
sac --env.task toy/reach --output_dir TOP/a --hidden_sizes 1e10
sac --env.task toy/reach --output_dir TOP/a --batch_size 1e13
sac --env.task toy/reach --output_dir TOP/a --env.max_steps 0
sac --env.task python/none --output_dir TOP/a --env.python TOP/no-python
sac --env.task own/x --env.module TOP/none.mjs --output_dir TOP/a
sac --env.task own/x --env.module TEXT --output_dir TOP/a
eval
eval --policy.path PLANNER
eval --policy.type wise --env.task toy/reach
eval --policy.type random --env.task toy/reach --eval.n_episodes 0
eval --policy.type random --env.task toy/reach --eval.n_episodes 1e15
eval --policy.type random --env.task toy/reach --seed 4294967295
eval --policy.type random --env.task toy/reach --seed 1e20
eval --policy.type random --env.task toy/reach --threads 1e6
eval --policy.type random --env.task toy/reach --env.num_envs 1e12
eval --policy.type random --env.task toy/reach --protocol strict
eval --policy.type expert --policy.path PLANNER --env.task toy/reach
eval --policy.path TOP/none --env.task toy/reach
eval --policy.path TEXT --env.task toy/reach
eval --policy.path PLANNER --env.task toy/reach --denoising.num_inference_steps 1e9
eval --policy.path PLANNER --env.task toy/reach --denoising.eta 2
eval --policy.path PLANNER --env.task toy/reach
eval --policy.type random --env.task toy/reach --env.options {x:1}
eval --policy.type random --env.task toy/reach --env.observation sound
eval --policy.type random --env.task toy/reach --eval.n_episodes 1 --dataset.root DATA
eval --policy.type random --env.task toy/reach --eval.n_episodes 1 --output_dir TEXT/below
info
info TOP/none
info TOP
info TEXT
info DATA
info H5
info NPZ
info /dev/zero
info PLANNER extra
export
export TOP/none
export TEXT
export PLANNER --batch_size 1e12
export PLANNER --batch_size none
export PLANNER --out TOP/none/below/x.onnx --denoising.num_inference_steps 1e12
export DATA
plot
plot TOP
plot TOP/none
plot TEXT
plot DATA
plot RUN --out figure.gif
plot RUN --x nothing --out TOP/figure.svg
plot RUN --y nothing --out TOP/figure.svg
plot RUN --center median --out TOP/figure.svg
env
env lst
env list --env.task mt5
env list --env.module TOP/none.mjs
env show
env show drawer-opn
env show toy/reach --width 1e9 --height 1e9 --out TOP/x.png
env show toy/reach --width 0 --out TOP/x.png
env show toy/reach --out TOP/x.jpg
env show toy/reach --camera nowhere --out TOP/x.png
env check
env check nothing/here
env verify
env verify --golden TOP
env verify --golden TOP/none
env verify --golden TEXT
env expert --env.task mt5
env expert --env.task toy/reach --eval.n_episodes 1e16
data
data inf
data info
data info TOP
data info TEXT
data info H5
data info DATA --html TEXT/below.html
data check TOP/none
data check NPZ
data merge DATA
data merge DATA --out DATA
data merge DATA H5 --out TOP/m
data merge TOP/none DATA --out TOP/m
data collect
data collect --dataset.root TOP/c --env.task rech
data collect --dataset.root TOP/c --env.task toy/reach --episodes 0
data collect --dataset.root TOP/c --env.task toy/reach --success high
data collect --dataset.root TOP/c --env.task toy/reach --agent monkey
data collect --dataset.root TOP/c --env.task toy/reach --threads 1e6
data collect --dataset.root TEXT/c --env.task toy/reach --episodes 1
data import
data import TOP/none
data import TOP
data import TEXT
data import DATA
data import PLANNER
data import H5 --format npz
data import NPZ --format d4rl
data import LEROBOT --format minari
data import LEROBOT --format lerobt
data import LEROBOT --observation_keys nothing
data import NPZ --arrays.actions nothing
data import NPZ --episode_steps 1e12
data import H5 --dataset.root DATA
data import H5 --dataset.root TEXT
data export
data export DATA
data export DATA --format npz --out TOP/e
data export DATA --format lerobot --out DATA
data export DATA --format minari --out TOP/e --id bad/id
data export TOP/none --format lerobot --out TOP/e
quickstart --output_dir TEXT
quickstart --output_dir /proc/none/below
data collect --dataset.root /proc/none/below --env.task toy/reach --episodes 1
data import H5 --dataset.root /proc/none/below --episode_steps 10
data merge DATA DATA --out /proc/none/below
data export DATA --format minari --out /proc/none/below
export PLANNER --out /proc/none/below.onnx
plot RUN --out /proc/none/below.svg
eval --policy.type random --env.task toy/reach --eval.n_episodes 1 --output_dir /proc/none/below
quickstart --output_dir DATA
quickstart --output_dir TOP/q --env.task nothing/here
quickstart --output_dir TOP/q --pretrain.steps none
--versoin
--config_path x
`;

export const wrongCalls = calls.trim().split("\n");
